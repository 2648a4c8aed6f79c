"""A run that could not renew its claims in time is notified, because others may own the mails by then."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tasks.ledger.claims import leases_kept
from tasks.ledger.engine import open_ledger


@pytest.mark.parametrize("away", [True, False])
def test_a_claim_that_could_not_be_renewed_in_time_is_told_as_lost(ledger_url, away):
    engine, lost, tries = open_ledger(ledger_url), threading.Event(), threading.Semaphore(0)

    def fail(*_: object) -> None:
        tries.release()
        if away:
            raise OperationalError("UPDATE", {}, Exception("the database is away"))

    with leases_kept(engine, "host|1|0|run", 0.3, lost.set):
        event.listen(engine, "before_cursor_execute", fail)
        for _ in range(3):
            assert tries.acquire(timeout=20)
        assert lost.wait(20 if away else 0.0) == away
        event.remove(engine, "before_cursor_execute", fail)
