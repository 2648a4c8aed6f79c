"""`GET /runs/{id}`: a run's state from Prefect, its mails' outcomes from the ledger."""

from __future__ import annotations

from uuid import uuid4

from prefect import flow
from sqlalchemy import insert

from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import outcomes


@flow
def nothing_to_do() -> None:
    return None


def test_a_run_is_shown_with_its_mails_by_status(prefect_server, receiver, ledger_url):
    run_id = str(nothing_to_do(return_state=True).state_details.flow_run_id)
    row = {"run_id": run_id, "message_key": "k", "provider": "", "seconds": 0, "processed_at": 0, "row": {}}
    with open_ledger(ledger_url).begin() as connection:
        connection.execute(
            insert(outcomes), [row | {"status": status} for status in ("COMPLETED", "COMPLETED", "FAILED")]
        )
    answer = receiver.client.get(f"/runs/{run_id}")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["state"], shown["finished"], shown["id"]) == ("Completed", True, run_id)
    assert shown["mails"] == {"COMPLETED": 2, "FAILED": 1}


def test_a_run_nobody_knows_is_not_found(prefect_server, receiver):
    answer = receiver.client.get(f"/runs/{uuid4()}")
    assert answer.status_code == 404


def test_while_prefect_is_away_it_says_so_and_mail_is_still_taken(receiver):
    assert receiver.client.get(f"/runs/{uuid4()}").status_code == 503
    ready = receiver.client.get("/ready")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert "kept" in ready.json()["prefect"]
    assert receiver.client.post("/webhooks/mail", content=b"Subject: x\n\ny").status_code == 202
