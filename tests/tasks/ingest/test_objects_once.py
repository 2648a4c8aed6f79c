"""Objects of a store are fetched again only when they changed, or when not all their mails are on record."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from tasks.ingest.openings import opening_for
from tasks.ingest.windows import MessageReader
from tasks.ledger.engine import open_ledger
from tasks.ledger.read_objects import record_read, versions_read
from tasks.ledger.schema import messages
from tasks.mailbox.sources import open_source
from tasks.settings import Settings


def mail(name: str) -> bytes:
    return f"From: a@example.com\nSubject: {name}\n\n{name}\n".encode()


def mbox(*names: str) -> bytes:
    return b"\n".join(b"From a@example.com Fri Nov 13 10:00:00 2026\n" + mail(name) for name in names)


@pytest.fixture
def run(bucket, ledger_url):
    """Reads `in/` as one run would, a window of two mails at a time; gives the ids of all it met, sorted."""

    def read(*, windows: int = 100, **settings) -> list[str]:
        engine = open_ledger(ledger_url)
        told = Settings(ledger=ledger_url, chunk_rows=2, chunk_workers=1, **settings)
        source = open_source(f"{bucket.address}/in", opening_for(engine, told))
        reader = MessageReader(source, engine, owner="host|1|1|run", settings=told)
        met: list[str] = []
        for _ in range(windows):
            window = reader.next_window()
            met += [*window.messages["source_id"], *window.skipped["source_id"]]
            if window.last:
                break
        reader.close()
        return sorted(met)

    return read


def test_what_is_on_record_is_not_read_again_and_what_is_new_or_changed_is(bucket, run):
    for name in ("a", "b", "c"):
        bucket.put(f"in/{name}.eml", mail(name))
    bucket.put("in/LICENSE", b"MIT")
    assert run() == ["LICENSE", "a.eml", "b.eml", "c.eml"]
    assert run() == []

    bucket.put("in/b.eml", mail("b, mended"))
    bucket.put("in/d.eml", mail("d"))

    assert run() == ["b.eml", "d.eml"]
    assert run() == []


def test_what_was_read_is_not_fetched(google_bucket, ledger_url):
    google_bucket.put("in/a.eml", mail("a"))
    google_bucket.put("in/b.eml", mail("b"))
    opening = opening_for(open_ledger(ledger_url), Settings())
    source = open_source(f"{google_bucket.address}/in", opening)
    source.settled([row.place for row in source.read()])
    google_bucket.put("in/c.eml", mail("c"))
    google_bucket.store.fetched.clear()

    rows = list(open_source(f"{google_bucket.address}/in", opening).read())

    assert [row.place for row in rows] == ["c.eml"]
    assert google_bucket.store.fetched == [f"{google_bucket.name}/in/c.eml"]


def test_an_object_of_which_not_all_is_on_record_is_read_again(bucket, run):
    bucket.put("in/m.mbox", mbox("1", "2", "3", "4", "5"))
    bucket.put("in/z.eml", mail("z"))

    run(windows=1)  # the reader is one window ahead: four of the mails are on record

    assert run() == [*(f"m.mbox#{number}" for number in range(1, 6)), "z.eml"]
    assert run() == []


def test_again_reads_everything_once(bucket, run):
    bucket.put("in/a.eml", mail("a"))
    bucket.put("in/b.eml", mail("b"))
    run()
    assert run(again=True) == ["a.eml", "b.eml"]


def test_mails_left_undone_come_from_the_ledger(bucket, run, ledger_url):
    bucket.put("in/a.eml", mail("a"))
    bucket.put("in/m.mbox", mbox("1", "2"))
    run()
    with open_ledger(ledger_url).begin() as connection:
        connection.execute(update(messages).values(state="FAILED", retry=True))

    assert run() == ["a.eml", "m.mbox#1", "m.mbox#2"]


def test_an_object_that_could_not_be_read_is_asked_for_again(bucket, run):
    bucket.put("in/a.zip", b"PK\x03\x04 but not really")
    bucket.put("in/b.eml", mail("b"))
    assert run() == ["a.zip", "b.eml"]
    assert run() == ["a.zip"]


def test_reading_without_recording_leaves_everything_to_be_read(bucket, run, ledger_url):
    bucket.put("in/a.eml", mail("a"))
    opening = opening_for(open_ledger(ledger_url), Settings())
    assert len(list(open_source(f"{bucket.address}/in", opening).read())) == 1
    assert run() == ["a.eml"]


def test_a_newer_version_takes_the_older_ones_place_and_sources_do_not_mix(any_ledger_url):
    engine = open_ledger(any_ledger_url)
    record_read(engine, "s3://b/in", {"a.eml": "1", "b.eml": "1"})
    record_read(engine, "s3://b/in", {"b.eml": "2", "c.eml": "1"})
    record_read(engine, "s3://b/other", {"a.eml": "7"})
    assert versions_read(engine, "s3://b/in") == {"a.eml": "1", "b.eml": "2", "c.eml": "1"}
