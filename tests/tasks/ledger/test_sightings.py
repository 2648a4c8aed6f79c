"""What a source learns from the ledger: how far a mailbox was read, and which of its mails are not done."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine, update

from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.schema import messages
from tasks.ledger.sightings import highest_uid, left_over

WORK = "imap://work/INBOX"


@pytest.fixture
def ledger(any_ledger_url: str) -> Engine:
    return open_ledger(any_ledger_url)


def record(ledger: Engine, *places: str, source: str = WORK) -> list[str]:
    keys = [f"{source}{place}".encode().hex()[-64:].zfill(64) for place in places]
    record_seen(
        ledger,
        [
            Seen(message_key=key, source=source, place=place, source_id=place, raw=place.encode())
            for key, place in zip(keys, places, strict=True)
        ],
    )
    return keys


def set_state(ledger: Engine, key: str, **values: object) -> None:
    with ledger.begin() as connection:
        connection.execute(update(messages).where(messages.c.message_key == key).values(**values))


def left(ledger: Engine, source: str = WORK) -> list[str]:
    return [one.place for one in left_over(ledger, source)]


def test_uids_count_as_numbers_and_only_under_their_folder_and_uidvalidity(ledger):
    record(ledger, "INBOX/7/9", "INBOX/7/10", "INBOX/8/900", "INBOX_/7/1000", "IN%X/7/2000")
    record(ledger, "INBOX/7/5000", source="imap://other/INBOX")
    assert highest_uid(ledger, WORK, "INBOX", 7) == 10
    assert highest_uid(ledger, WORK, "INBOX", 8) == 900
    assert highest_uid(ledger, WORK, "INBOX", 9) == 0
    assert highest_uid(ledger, WORK, "IN_OX", 7) == 0


def test_mails_nobody_did_are_left_over_in_the_order_they_were_met(ledger):
    record(ledger, "INBOX/7/2")
    record(ledger, "INBOX/7/1", "INBOX/7/3")
    record(ledger, "a.eml", source="inbox:")
    assert left(ledger) == ["INBOX/7/2", "INBOX/7/1", "INBOX/7/3"]
    assert left(ledger, "inbox:") == ["a.eml"]
    assert [one.raw for one in left_over(ledger, "inbox:")] == [b"a.eml"]


def test_done_mails_and_those_another_run_holds_are_not(ledger):
    done, failed, hopeful, held, dropped = record(ledger, *(f"INBOX/7/{uid}" for uid in range(1, 6)))
    set_state(ledger, done, state="COMPLETED")
    set_state(ledger, failed, state="FAILED", retry=False)
    set_state(ledger, hopeful, state="FAILED", retry=True)
    set_state(ledger, held, state="PROCESSING", owner="elsewhere|1|1|run", lease_until=time.time() + 600)
    set_state(ledger, dropped, state="PROCESSING", owner="elsewhere|1|1|run", lease_until=time.time() - 1)
    assert left(ledger) == ["INBOX/7/3", "INBOX/7/5"]


def test_a_mail_met_twice_in_a_source_is_left_over_once(ledger):
    record(ledger, "INBOX/7/1")
    key = record(ledger, "INBOX/7/1")[0]
    record_seen(ledger, [Seen(message_key=key, source=WORK, place="INBOX/8/1", source_id="1", raw=b"x")])
    assert left(ledger) == ["INBOX/7/1"]
