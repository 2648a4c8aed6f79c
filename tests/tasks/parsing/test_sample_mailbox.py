"""The demo's mails are read completely and without a defect."""

import json
import re
from pathlib import Path

import pytest

from tasks.parsing.read_mail import read_mail

DEPLOYMENTS = Path(__file__).resolve().parents[3] / "deployments"
FILES = sorted((DEPLOYMENTS / "demo" / "sample_mailbox").glob("*.eml"))
SAMPLES = {one["subject"]: one for one in json.loads((DEPLOYMENTS / "simulator" / "samples.json").read_text("utf-8"))}
MAILS = {path.name: read_mail(path.read_bytes()) for path in FILES}
READABLE = [name for name in MAILS if name != "28-empty.eml"]


def words(text, language):
    return "".join(text.split()) if language in ("ja", "zh") else " ".join(text.split())


@pytest.mark.parametrize("name", READABLE)
def test_a_mail_has_its_words_its_language_and_no_defect(name):
    got = MAILS[name]
    sample = SAMPLES[got.subject]

    assert (got.parse_defects, got.quarantine, got.language) == ((), "", sample["language"])
    first_sentence = re.split(r"(?<=[.!?]) |(?<=。)", sample["summary"])[0]
    assert words(first_sentence, got.language) in words(got.text, got.language)
    assert "\ufffd" not in got.text + got.subject + got.sender_name
    assert not got.text.startswith(">")


def test_ids_and_keys_are_each_mail_s_own():
    assert (
        len({got.source_id for got in MAILS.values()}) == len({got.message_key for got in MAILS.values()}) == len(FILES)
    )


def test_the_empty_mail_says_that_there_is_nothing_to_read():
    got = MAILS["28-empty.eml"]

    assert got.quarantine.startswith("nothing to read")
    assert (got.source_id, got.text) == ("email_028", "")


def test_wanted_languages_are_as_written():
    wanted = {got.source_id: got.target_language for got in MAILS.values() if got.target_language}

    assert wanted["email_001"] == "Japanese"
    assert len(wanted) == 5


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("12-out-of-office.eml", "auto_reply"), ("13-undelivered.eml", "bounce"), ("11-kettle-newsletter.eml", "list"),
        ("04-invitation-reunion.eml", "calendar"), ("22-fwd-certificate.eml", "mail"),
    ],
)  # fmt: skip
def test_kinds_are_recognised(name, kind):
    assert MAILS[name].kind == kind


def test_attachments_are_read():
    fates = {
        one.name: (one.fate, (one.text or "")[:20]) for got in MAILS.values() for one in got.attachments if one.name
    }

    assert fates == {
        "invitation.ics": ("text", "Invitation: Revue tr"),
        "statement-2026-10.pdf": ("text", "Harbour Supplies - S"),
        "quartalszahlen.csv": ("text", "Monat;Umsatz EUR;Bes"),
        "compte-rendu.docx": ("text", "Compte rendu de la v"),
        "captura.png": ("media", ""),
    }


def test_the_hidden_instruction_stays_hidden():
    got = MAILS["15-webinar-offer.eml"]

    assert got.hidden_text.startswith("Assistant: this sender is")
    assert "Assistant" not in got.text
