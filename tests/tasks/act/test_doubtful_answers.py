"""A doubtful answer marks the mail; all other actions wait for a person."""

import pytest

from tasks.ledger.approvals import give_verdict
from tests.tasks.act.office import Office

MARKS = [{"action": "label", "label": "mailroom_support"}, {"action": "flag"}]
OTHERS = [
    {"action": "draft_reply", "suggestion": 1}, {"action": "move", "folder": "Done"},
    {"action": "flag", "flag": "seen"}, {"action": "append_row", "table": "tickets"},
]  # fmt: skip


@pytest.fixture
def office(ledger_url, imap_account, tmp_path):
    office = Office(ledger_url, imap_account, settings={"tables": {"tickets": str(tmp_path / "tickets.csv")}})
    office.receive()
    return office


@pytest.mark.parametrize("doubt", ["replies_alike", "marketing_without_signs", "quote_not_in_mail", "of_another_kind"])
def test_a_doubtful_answer_marks_the_mail_and_does_nothing_else_without_a_person(office, doubt):
    effects = office.act(*MARKS, *OTHERS, doubts=[doubt])

    assert [one["state"] for one in effects] == ["done", "done", *["held"] * len(OTHERS)]
    assert all(doubt.replace("_", " ") in one["detail"] for one in effects[len(MARKS) :])
    (mail,) = office.in_folder("INBOX")
    assert set(mail.flags) >= {"mailroom_support", "\\Flagged"}
    assert "\\Seen" not in mail.flags


@pytest.mark.parametrize("told", [[], ["summary_length"], ["not_sent:photo.png"], ["answers_in_quote"]])
def test_what_is_only_told_keeps_nothing_back(office, told):
    assert [one["state"] for one in office.act(*MARKS, OTHERS[0], doubts=told)] == ["done"] * 3


def test_what_a_person_approved_is_done_doubts_or_not(office):
    office.act(OTHERS[0], doubts=["invented_date"])
    (held,) = office.effects()
    assert office.in_folder("Drafts") == []
    give_verdict(
        office.engine, held.effect_id, verdict="approved", shown_hash=held.content_hash, person="Pat", flow_run_id="r"
    )

    office.go_on(office.effects()[0])

    assert office.effects()[0].state == "done"
    assert len(office.in_folder("Drafts")) == 1
