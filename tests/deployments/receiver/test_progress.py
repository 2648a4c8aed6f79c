"""`GET /deliveries/{id}`: from the inbox to the last outcome."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployments.inbox.deliveries import note_deliveries
from deployments.receiver.progress import read_progress
from deployments.receiver.spool import file_prefix
from tasks.ledger.claims import claim
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.outcomes import settle
from tasks.mailbox.inbox import UNREADABLE, folder_of

CSV = b"id,content,sender,subject\n1,hello,a@example.org,hi\n2,world,a@example.org,ho\n"


def ask(receiver, delivery: str) -> dict[str, object]:
    answer = receiver.client.get(f"/deliveries/{delivery}")
    assert answer.status_code == 200
    shown: dict[str, object] = answer.json()
    return shown


@pytest.fixture
def uploaded(receiver) -> tuple[str, str]:
    """A file that was handed in: its delivery's id and its name in the inbox."""
    answer = receiver.client.post("/upload", files=[("file", ("a.csv", CSV))])
    (name,) = receiver.files()
    return answer.json()["files"][0]["delivery"], name


def test_a_file_is_followed_until_all_its_mails_are_done(receiver, uploaded, ledger_url):
    delivery, name = uploaded
    assert ask(receiver, delivery) == {"waiting": True, "unreadable": False, "finished": False, "mails": {}}
    engine = open_ledger(ledger_url)
    other = Seen(message_key="z", source="inbox:", place="f" * 32 + "-0-x.eml", source_id="z", raw=b"x")
    seen = [Seen(message_key=key, source="inbox:", place=f"{name}#{key}", source_id=key, raw=b"x") for key in "12"]
    record_seen(engine, [*seen, other])
    (folder_of(receiver.data_dir) / name).unlink()
    assert ask(receiver, delivery)["mails"] == {"PENDING": 2}
    claims = claim(engine, ["1", "2"], owner="host|1|0|run", lease_s=600)
    assert ask(receiver, delivery) == {
        "waiting": False, "unreadable": False, "finished": False, "mails": {"PROCESSING": 2},
    }  # fmt: skip
    row = {"category": None, "error_type": None, "provider": "", "seconds": 0.0, "cost_usd": None}
    rows = [{**row, "message_key": key, "status": status} for key, status in (("1", "COMPLETED"), ("2", "FAILED"))]
    settle(engine, "run", rows, set(), {key: one.fence for key, one in claims.items()})
    assert ask(receiver, delivery) == {
        "waiting": False, "unreadable": False, "finished": True, "mails": {"COMPLETED": 1, "FAILED": 1},
    }  # fmt: skip


def test_a_file_that_could_not_be_read_is_said(receiver, uploaded):
    delivery, name = uploaded
    folder = folder_of(receiver.data_dir)
    (folder / UNREADABLE).mkdir()
    (folder / name).rename(folder / UNREADABLE / name)
    assert ask(receiver, delivery)["unreadable"] is True


def test_what_nobody_handed_in_is_not_found(receiver):
    assert receiver.client.get(f"/deliveries/{'0' * 64}").status_code == 404
    assert receiver.client.get("/deliveries/..%2F..").status_code in (404, 422)
    assert receiver.client.get("/deliveries/short").status_code == 422


@pytest.mark.parametrize("last", "09af")
def test_mails_are_found_by_prefix_in_both_databases(any_ledger_url, receiver, last):
    engine = open_ledger(any_ledger_url)
    delivery = "0" * 31 + last + "1" * 32
    state = receiver.client.app.state.receiver
    note_deliveries(engine, [(delivery, "")], 0)
    places = [
        f"{file_prefix(delivery)}-0-a.eml",
        f"{file_prefix(delivery)}-1.zip/é/b.eml",
        "0" * 32,
        "1" * 32 + "-0.eml",
    ]
    record_seen(
        engine,
        [
            Seen(message_key=str(n), source="inbox:", place=place, source_id="", raw=b"")
            for n, place in enumerate(places)
        ],
    )
    found = read_progress(replace(state, ledger_url=any_ledger_url), delivery)
    assert found
    assert found.mails == {"PENDING": 2}
