"""Mails whose right answer is known, where MAILROOM_CASES names a folder of them (`replies/*.eml`)."""

import email
import os
from email.policy import default
from pathlib import Path

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.act.office import Office

CASES = os.environ.get("MAILROOM_CASES", "")
pytestmark = pytest.mark.skipif(not CASES, reason="MAILROOM_CASES names no folder of mails")
SEND = {"action": "send_reply", "suggestion": 1, "hold": False}
DRAFT = {"action": "draft_reply", "suggestion": 1}


def office_for(name, ledger_url, imap_account, smtp_sink):
    raw = (Path(CASES) / "replies" / f"{name}.eml").read_bytes()
    sending = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    office = Office(ledger_url, imap_account, sending, raw)
    office.receive()
    mail = read_mail(raw)
    return office, {"subject": mail.subject, "kind": mail.kind}


@pytest.mark.parametrize(
    "name",
    [
        "01-no-reply-sender", "02-auto-generated", "04-response-suppress-all", "05-precedence-junk", "07-mail-to-self",
        "09-x-loop-own", "10-meeting-accepted",
    ],
)  # fmt: skip
def test_nothing_is_sent_by_itself(name, ledger_url, imap_account, smtp_sink):
    office, columns = office_for(name, ledger_url, imap_account, smtp_sink)
    (effect,) = office.act(SEND, **columns)

    assert effect["state"] in ("skipped", "held")
    assert smtp_sink.mails == []


@pytest.mark.parametrize(
    ("name", "to", "subject"),
    [
        ("12-reply-to-empty", "ann@company.example", "Re: Reply-To empty"),
        ("16-subject-with-host", "ann@company.example", "Re: [Ticket#1001] Outage of shop.acme.com since Monday"),
        ("18-message-id-of-210", "ann@company.example", "Re: long id"),
        ("19-idn-sender", "joerg@xn--mller-kva.example", "Re: IDN sender"),
    ],
)
def test_a_draft_is_addressed_and_named_rightly(name, to, subject, ledger_url, imap_account, smtp_sink):
    office, columns = office_for(name, ledger_url, imap_account, smtp_sink)
    office.act(DRAFT, **columns)
    (draft,) = office.in_folder("Drafts")

    own = email.message_from_bytes(office.raw, policy=default)["Message-ID"]
    assert (draft.to, draft.obj["Subject"]) == ((to,), subject)
    assert draft.obj["In-Reply-To"].split() == [own.strip()]


def test_a_contact_form_leaves_it_to_a_person_whom_to_answer(ledger_url, imap_account, smtp_sink):
    office, columns = office_for("11-contact-form", ledger_url, imap_account, smtp_sink)
    office.act(DRAFT, **columns)
    (effect,) = office.effects()

    assert (effect.state, effect.content["to"]) == ("held", "")
    assert [one["address"] for one in effect.content["candidates"]] == ["carl@customer.example"]
