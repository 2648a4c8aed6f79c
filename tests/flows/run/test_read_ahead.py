"""The models are asked about the next window before the last one is finished."""

from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

import flows.run.read_ahead
from flows import process_mail as main_job
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions, messages
from tasks.settings import read_settings
from tests.benchmarks.made_mails import write_mbox


def test_the_next_window_is_asked_about_before_the_last_one_is_handed_on(monkeypatch):
    asked = []
    monkeypatch.setattr(flows.run.read_ahead, "ask", lambda window, job: asked.append(window) or f"answers to {window}")
    job = SimpleNamespace(estimate_by=lambda window: None, run=SimpleNamespace(id="run"))

    found = [
        (window, answers, list(asked)) for window, answers in flows.run.read_ahead.read_ahead(["a", "b", "c"], job)
    ]

    assert found == [
        ("a", "answers to a", ["a", "b"]),
        ("b", "answers to b", ["a", "b", "c"]),
        ("c", "answers to c", ["a", "b", "c"]),
    ]


@pytest.mark.usefixtures("prefect_server", "provider_env")
def test_a_run_that_breaks_off_first_waits_for_the_answers_that_it_asked_for(monkeypatch, tmp_path):
    def broken(*_frames):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(main_job, "settle_outcomes", broken)
    monkeypatch.setenv("MAILROOM_CHUNK_ROWS", "5")
    monkeypatch.setenv("MAILROOM_CHUNK_WORKERS", "2")
    write_mbox(tmp_path / "mails.mbox", 30, seed=1)

    state = main_job.process_mail(str(tmp_path / "mails.mbox"), return_state=True)

    assert state.is_failed()
    with open_ledger(read_settings().ledger).begin() as connection:
        calls = select(completions.c.state, func.count()).group_by(completions.c.state)
        assert dict(connection.execute(calls).all()) == {
            "done": 30
        }  # windows of five mails and of ten, two calls a mail
        mails = select(messages.c.state, func.count()).group_by(messages.c.state)
        assert set(dict(connection.execute(mails).all())) == {"PENDING"}
