"""What waits in the inbox: files that no run has read, and mails that a run has not finished."""

from __future__ import annotations

from deployments.inbox.folder import open_inbox
from tasks.ledger.claims import claim, give_back
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen


def seen(number: int, source: str = "inbox:") -> Seen:
    return Seen(message_key=str(number), source=source, place=f"{number}.eml", source_id=str(number), raw=b"x")


def test_files_wait_until_they_are_fetched(tmp_path, ledger_url):
    inbox = open_inbox(tmp_path, ledger_url)
    assert inbox.waiting() == 0
    path = inbox.put(b"Subject: x\n\ny", "a.eml")
    assert inbox.waiting() == 1
    path.unlink()
    assert inbox.waiting() == 0


def test_mails_that_a_run_left_undone_wait_but_not_those_it_works_on(tmp_path, any_ledger_url):
    inbox = open_inbox(tmp_path, any_ledger_url)
    engine = open_ledger(any_ledger_url)
    record_seen(engine, [seen(1), seen(2), seen(3, source="/elsewhere")])
    assert inbox.waiting() == 2
    claim(engine, ["1", "2"], owner="host|1|0|run", lease_s=600, again=False)
    assert inbox.waiting() == 0
    give_back(engine, "host|1|0|run")
    assert inbox.waiting() == 2
