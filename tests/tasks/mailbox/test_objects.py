"""Objects in a store, asked of a real S3 server on loopback (moto)."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import SourceError
from tasks.mailbox.objects import FETCHED_BYTES, FETCHED_OBJECTS, Stored, split_objects
from tasks.mailbox.sources import open_source

MAIL = b"Subject: a\n\nText.\n"
TABLE = b"id,content,sender,subject\n1,a,a@example.com,s\n"

Put = Callable[[str, bytes], None]


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a bucket of its own."""
    known = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**known, "AWS_ENDPOINT_URL": s3_server}.items():
        monkeypatch.setenv(name, value)
    name = f"mail-{uuid.uuid4().hex[:12]}"
    _client().create_bucket(Bucket=name)
    return f"s3://{name}"


@pytest.fixture
def put(bucket: str) -> Put:
    client = _client()
    return lambda key, content: client.put_object(Bucket=bucket.removeprefix("s3://"), Key=key, Body=content)


def _client():  # type: ignore[no-untyped-def]  # boto3 makes its types as it runs
    import boto3

    return boto3.client("s3")


def test_all_objects_under_a_prefix_are_read_by_key_and_no_others(bucket, put):
    for key in ("in/b.eml", "in/a.eml", "in/deep/c.eml"):
        put(key, MAIL)
    put("in/", b"")
    put("in/t.csv", TABLE)
    put("in/LICENSE", b"MIT")
    put("inbound/x.eml", MAIL)

    source = open_source(f"{bucket}/in/")

    assert source.name == f"{bucket}/in"
    assert [(row.place, row.foreign) for row in source.read()] == [
        ("LICENSE", True),
        ("a.eml", False),
        ("b.eml", False),
        ("deep/c.eml", False),
        ("t.csv#1", False),
    ]


def test_one_object_is_one_source(bucket, put):
    put("in/a.eml", MAIL)
    assert [(row.raw, row.source_id) for row in open_source(f"{bucket}/in/a.eml").read()] == [(MAIL, "a.eml")]


def test_a_later_opening_sees_what_came_since(bucket, put):
    put("in/a.eml", MAIL)
    assert len(list(open_source(f"{bucket}/in").read())) == 1
    put("in/b.eml", MAIL)
    assert len(list(open_source(f"{bucket}/in").read())) == 2


def test_more_objects_than_are_fetched_at_once_and_large_ones_come_whole_and_in_order(bucket, put):
    contents = {f"in/{number:03d}.eml": b"Subject: %d\n\n" % number for number in range(FETCHED_OBJECTS + 3)}
    contents["in/017.eml"] += b"x" * 3_000_000
    for key, content in contents.items():
        put(key, content)
    assert [row.raw for row in open_source(f"{bucket}/in").read()] == list(contents.values())


def test_keys_with_brackets_and_stars_are_keys_and_no_patterns(bucket, put):
    contents = {f"in/{name}": b"Subject: %d\n\n" % number for number, name in enumerate(["*.eml", "?.eml", "a[1].eml"])}
    for key, content in contents.items():
        put(key, content)
    put("in/a1.eml", b"Subject: other\n\n")
    rows = {f"in/{row.source_id}": row.raw for row in open_source(f"{bucket}/in").read()}
    assert rows == {**contents, "in/a1.eml": b"Subject: other\n\n"}
    assert [row.raw for row in open_source(f"{bucket}/in/a[1].eml").read()] == [contents["in/a[1].eml"]]


def test_an_object_deleted_meanwhile_is_a_row_that_says_so(bucket, put):
    put("in/a.eml", MAIL)
    put("in/b.eml", MAIL)
    source = open_source(f"{bucket}/in")
    _client().delete_object(Bucket=bucket.removeprefix("s3://"), Key="in/a.eml")
    gone, there = source.read()
    assert "`a.eml` cannot be read" in gone.problem
    assert there.raw == MAIL


@pytest.mark.parametrize(
    ("rest", "said"), [("/none", "is empty or not there"), ("-not/x", "cannot be read: FileNotFoundError")]
)
def test_a_place_that_is_not_there_is_an_error_that_names_it(bucket, rest, said):
    with pytest.raises(SourceError) as error:
        open_source(bucket + rest)
    assert str(error.value).startswith(f"`{bucket}{rest}` {said}")


def test_a_store_that_is_away_is_an_error_without_a_trace(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SourceError, match=f"`{bucket}/in` cannot be read"):
        open_source(f"{bucket}/in")


@pytest.mark.parametrize("address", ["s3://", "s3:///x", "gs://", "s3://key:hush@bucket/in"])
def test_an_address_without_a_bucket_or_with_a_key_is_refused_without_being_repeated(address):
    with pytest.raises(SourceError, match="keys come from the environment") as error:
        open_source(address)
    assert "hush" not in str(error.value)


def test_a_missing_library_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(SourceError, match=r"`gs://` needs the extra `gcs`: pip install 'mailroom\[gcs\]'"):
        open_source("gs://bucket/in")


@given(st.lists(st.integers(0, 2 * FETCHED_BYTES), max_size=100))
def test_objects_are_fetched_in_order_a_bounded_number_and_size_at_a_time(sizes):
    objects = [Stored(key=str(number), name=str(number), size_bytes=size) for number, size in enumerate(sizes)]
    parts = list(split_objects(objects))
    assert [one for part in parts for one in part] == objects
    assert all(len(part) <= FETCHED_OBJECTS for part in parts)
    assert all(len(part) == 1 or sum(one.size_bytes for one in part) <= FETCHED_BYTES for part in parts)
