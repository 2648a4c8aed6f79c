"""Objects in a store, asked of real servers on loopback: S3 and Google Cloud Storage, each test in both."""

from __future__ import annotations

import asyncio
import io
import sys
import zipfile
from types import SimpleNamespace

import fsspec
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.mailbox.objects import FETCHED_BYTES, FETCHED_OBJECTS, STREAMED_FROM_BYTES, Stored, split_objects
from tasks.mailbox.sources import open_source
from tests.services.google_storage import PAGE_ROWS

MAIL = b"Subject: a\n\nText.\n"
MBOX = b"From a@example.com Fri Nov 13 10:00:00 2026\nSubject: a\n\nText.\n\n"
TABLE = b"id,content,sender,subject\n1,a,a@example.com,s\n"


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.eml", content)
    return packed.getvalue()


def as_parquet() -> bytes:
    return pd.read_csv(io.BytesIO(TABLE), dtype=str).to_parquet()


def test_all_objects_under_a_prefix_are_read_by_key_and_no_others(bucket):
    for key in ("in/b.eml", "in/a.eml", "in/deep/c.eml"):
        bucket.put(key, MAIL)
    bucket.put("in/", b"")
    bucket.put("in/t.csv", TABLE)
    bucket.put("in/LICENSE", b"MIT")
    bucket.put("inbound/x.eml", MAIL)

    source = open_source(f"{bucket.address}/in/")

    assert source.name == f"{bucket.address}/in"
    assert [(row.place, row.foreign) for row in source.read()] == [
        ("LICENSE", True),
        ("a.eml", False),
        ("b.eml", False),
        ("deep/c.eml", False),
        ("t.csv#1", False),
    ]


def test_one_object_is_one_source(bucket):
    bucket.put("in/a.eml", MAIL)
    assert [(row.raw, row.source_id) for row in open_source(f"{bucket.address}/in/a.eml").read()] == [(MAIL, "a.eml")]


@pytest.mark.parametrize(
    ("name", "content", "ids"),
    [
        ("a.eml", MAIL, ["a.eml"]),
        ("a.mbox", MBOX * 2, ["a.mbox#1", "a.mbox#2"]),
        (
            "large.mbox",
            MBOX.replace(b"Text.", b"x" * 70 * 1_000) * 80,
            [f"large.mbox#{number}" for number in range(1, 81)],
        ),
        ("a.zip", zipped(a=MAIL, b=MAIL), ["a.zip/a.eml", "a.zip/b.eml"]),
        ("t.csv", TABLE, ["1"]),
        ("t.parquet", as_parquet(), ["1"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_object_is_read_as_what_it_is_alone_and_among_others(bucket, name, content, ids):
    bucket.put(f"in/{name}", content)
    bucket.put("in/z.eml", MAIL)

    alone = list(open_source(f"{bucket.address}/in/{name}").read())
    among = list(open_source(f"{bucket.address}/in").read())

    assert [(row.source_id, row.problem) for row in alone] == [(one, "") for one in ids]
    assert [(row.source_id, row.raw) for row in among[:-1]] == [(row.source_id, row.raw) for row in alone]


def test_a_later_opening_sees_what_came_since(bucket):
    bucket.put("in/a.eml", MAIL)
    assert len(list(open_source(f"{bucket.address}/in").read())) == 1
    bucket.put("in/b.eml", MAIL)
    assert len(list(open_source(f"{bucket.address}/in").read())) == 2


def test_more_objects_than_are_fetched_at_once_and_large_ones_come_whole_and_in_order(bucket):
    contents = {f"in/{number:03d}.eml": b"Subject: %d\n\n" % number for number in range(FETCHED_OBJECTS + 3)}
    contents["in/017.eml"] += b"x" * 3_000_000
    for key, content in contents.items():
        bucket.put(key, content)
    assert [row.raw for row in open_source(f"{bucket.address}/in").read()] == list(contents.values())


def test_keys_with_brackets_and_stars_are_keys_and_no_patterns(bucket):
    contents = {f"in/{name}": b"Subject: %d\n\n" % number for number, name in enumerate(["*.eml", "?.eml", "a[1].eml"])}
    for key, content in contents.items():
        bucket.put(key, content)
    bucket.put("in/a1.eml", b"Subject: other\n\n")
    rows = {f"in/{row.source_id}": row.raw for row in open_source(f"{bucket.address}/in").read()}
    assert rows == {**contents, "in/a1.eml": b"Subject: other\n\n"}
    assert [row.raw for row in open_source(f"{bucket.address}/in/a[1].eml").read()] == [contents["in/a[1].eml"]]


def test_an_object_deleted_meanwhile_is_a_row_that_says_so(bucket):
    bucket.put("in/a.eml", MAIL)
    bucket.put("in/b.eml", MAIL)
    source = open_source(f"{bucket.address}/in")
    bucket.delete("in/a.eml")
    gone, there = source.read()
    assert gone.problem == "`a.eml` cannot be read: it is not there any more"
    assert there.raw == MAIL


def test_a_large_object_deleted_meanwhile_is_a_row_that_says_so(bucket):
    bucket.put("in/a.eml", MAIL + b"x" * STREAMED_FROM_BYTES)
    bucket.put("in/b.eml", MAIL)
    source = open_source(f"{bucket.address}/in")
    bucket.delete("in/a.eml")
    gone, there = source.read()
    assert gone.problem == "`a.eml` cannot be read: it is not there any more"
    assert there.raw == MAIL


def test_a_listing_of_several_pages_is_read_whole(google_bucket):
    keys = [f"in/{number:02d}.eml" for number in range(3 * PAGE_ROWS + 1)]
    for key in keys:
        google_bucket.put(key, MAIL)
    assert [f"in/{row.place}" for row in open_source(f"{google_bucket.address}/in").read()] == keys


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("/none", "is empty or not there"),
        ("/a.eml/none", "is empty or not there"),
        ("-not/x", "is not there: no bucket"),
    ],
)
def test_a_place_that_is_not_there_is_an_error_that_names_it(bucket, rest, said):
    bucket.put("a.eml", MAIL)
    with pytest.raises(SourceError) as error:
        open_source(bucket.address + rest)
    assert str(error.value).startswith(f"`{bucket.address}{rest}` {said}")


def test_a_bucket_that_may_not_be_listed_is_an_error_that_says_what_it_takes(bucket):
    bucket.put("in/a.eml", MAIL)
    bucket.refuse()
    with pytest.raises(SourceError) as error:
        open_source(f"{bucket.address}/in")
    assert str(error.value).startswith(f"`{bucket.address}/in` may not be read: ")
    assert "ListBucket" in str(error.value) or "Storage Object Viewer" in str(error.value)


def test_an_object_that_may_not_be_read_is_a_row_among_others_and_an_error_alone(bucket):
    bucket.put("in/a.eml", MAIL)
    bucket.put("in/b.eml", MAIL)
    bucket.refuse("in/a.eml")

    refused, read = open_source(f"{bucket.address}/in").read()
    with pytest.raises(SourceError, match=r"/in/a\.eml` cannot be read: the store refuses it"):
        open_source(f"{bucket.address}/in/a.eml")

    assert refused.problem.startswith("`a.eml` cannot be read: the store refuses it")
    assert read.raw == MAIL


def test_a_store_that_is_away_is_an_error_without_a_trace(bucket, monkeypatch, caplog):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    # gcsfs tries six times, which takes half a minute.
    monkeypatch.setattr("gcsfs.retry.asyncio", SimpleNamespace(sleep=lambda seconds: asyncio.sleep(0)))
    with pytest.raises(SourceError, match=f"`{bucket.address}/in` cannot be read"):
        open_source(f"{bucket.address}/in")
    assert not [record for record in caplog.records if record.exc_info]


def test_an_unknown_key_is_an_error_that_says_where_keys_come_from(s3_bucket, monkeypatch):
    s3_bucket.check_rights(True)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS0")
    with pytest.raises(
        SourceError, match=r"may not be read: .*Keys come from where AWS's tools look for them"
    ) as error:
        open_source(s3_bucket.address)
    assert "AKIANOBODYKNOWSTHIS0" not in str(error.value)


def test_no_keys_are_an_error_that_says_where_keys_come_from(s3_bucket, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SourceError, match=r"may not be read: .*Keys come from where AWS's tools look for them"):
        open_source(s3_bucket.address)


@pytest.fixture
def real_google(google_bucket, monkeypatch):
    """As Google itself is reached: not called an emulator, and with an environment that tells no keys."""
    monkeypatch.delenv("STORAGE_EMULATOR_HOST")
    monkeypatch.setitem(fsspec.config.conf, "gcs", {"endpoint_url": google_bucket.store.url})
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nonexistent")
    return google_bucket


def test_google_is_asked_with_the_application_default_credentials_and_for_reading_alone(
    real_google, monkeypatch, tmp_path
):
    real_google.put("in/a.eml", MAIL)
    real_google.store.only_with_keys(tmp_path / "account.json")  # gives a token for the scope of reading, and no other
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))

    assert [row.raw for row in open_source(f"{real_google.address}/in").read()] == [MAIL]


@pytest.mark.parametrize("file", [None, "not-there.json"])
def test_google_is_not_asked_without_credentials(real_google, monkeypatch, file):
    if file:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
    with pytest.raises(SourceError, match=r"may not be read: .*application default credentials, and need the role"):
        open_source(real_google.address)


def test_a_token_that_google_refuses_is_an_error_without_a_trace(google_bucket, tmp_path, caplog):
    google_bucket.store.only_with_keys(tmp_path / "account.json")  # an emulator is asked without
    with pytest.raises(SourceError, match="may not be read: Anonymous caller does not have"):
        open_source(google_bucket.address)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("address", ["s3://", "s3:///x", "gs://", "s3://key:hush@bucket/in", "gs://hush@bucket/in"])
def test_an_address_without_a_bucket_or_with_a_key_is_refused_without_being_repeated(address):
    with pytest.raises(SourceError, match="keys come from the environment") as error:
        open_source(address)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(("scheme", "library", "extra"), [("s3", "s3fs", "s3"), ("gs", "gcsfs.core", "gcs")])
def test_a_missing_library_names_the_extra_that_brings_it(monkeypatch, scheme, library, extra):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        SourceError, match=rf"`{scheme}://` needs the extra `{extra}`: pip install 'mailroom\[{extra}\]'"
    ):
        open_source(f"{scheme}://bucket/in")


@given(st.lists(st.integers(0, 2 * FETCHED_BYTES), max_size=100))
def test_objects_are_fetched_in_order_a_bounded_number_and_size_at_a_time(sizes):
    objects = [Stored(key=str(number), name=str(number), size_bytes=size) for number, size in enumerate(sizes)]
    parts = list(split_objects(objects))
    assert [one for part in parts for one in part] == objects
    assert all(len(part) <= FETCHED_OBJECTS for part in parts)
    assert all(len(part) == 1 or sum(one.size_bytes for one in part) <= FETCHED_BYTES for part in parts)
