"""Answers about whole mailboxes are plausible: the sample mailbox, and a labelled one if it is available."""

import json
import os
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from deployments.simulator.answers import SAMPLES, Answerer
from tasks.parsing.read_mail import read_mail
from tasks.understand import prompts
from tasks.understand.answers import Triage, analysis_of

MAILBOX = Path(__file__).resolve().parents[3] / "deployments" / "demo" / "sample_mailbox"
CORPUS = os.environ.get("MAILROOM_CORPUS")
CATEGORIES = {
    "URGENT": "02 07 10 22 26",
    "MEETING": "01 04 16 18 23",
    "SUPPORT": "03 06 08 14 21 24 29 30",
    "MARKETING": "05 11 15 27",
    "PERSONAL": "09 20 25",
    "OTHER": "12 13 17 19 28",
}
FULL = analysis_of(frozenset({"summary", "translation", "action_items", "replies"}))
KNOWN: list[dict[str, Any]] = json.loads(SAMPLES.read_text("utf-8"))
ANSWERER = Answerer()


def read(path: Path) -> dict[str, Any]:
    mail = read_mail(path.read_bytes())
    sender = f"{mail.sender_name} <{mail.sender_address}>"
    return {
        "message_key": mail.message_key, "subject": mail.subject, "sender": sender, "sender_name": mail.sender_name,
        "date": mail.date, "attachments": [], "text": mail.text,
    }  # fmt: skip


MAILS = {path.name[:2]: read(path) for path in sorted(MAILBOX.glob("*.eml"))}


def triage(mail: dict[str, Any]) -> Triage:
    return Triage.model_validate_json(ask(prompts.triage_text(mail), Triage))


def analyse(mail: dict[str, Any], into: str = "English (en)") -> dict[str, Any]:
    question = prompts.analysis_text(mail, translate_into=into)
    return FULL.model_validate_json(ask(question, FULL)).model_dump()


def ask(question: str, kind: Any) -> str:
    return ANSWERER.answer(question, orjson.dumps(kind.model_json_schema()))[0]


@pytest.mark.parametrize(("category", "numbers"), CATEGORIES.items())
def test_each_sample_mail_has_the_category_a_reader_would_give_it(category: str, numbers: str) -> None:
    assert {number: triage(MAILS[number]).category for number in numbers.split()} == dict.fromkeys(
        numbers.split(), category
    )


def test_no_sample_mail_is_left_out() -> None:
    assert sorted(" ".join(CATEGORIES.values()).split()) == sorted(MAILS)


def test_automatic_mail_and_advertisements_need_no_reply() -> None:
    silent = {number for number, mail in MAILS.items() if not triage(mail).needs_reply}
    assert {"12", "13", *CATEGORIES["MARKETING"].split()} <= silent
    assert not silent & set(CATEGORIES["URGENT"].split())


@pytest.mark.parametrize("number", [number for number in MAILS if number != "28"])
def test_each_analysis_is_short_and_true_to_the_mail(number: str) -> None:
    mail = MAILS[number]
    found = analyse(mail)
    # A full stop after a digit is a German ordinal and ends no sentence.
    sentences = re.findall(r"(?<! \d)(?<! \d\d)[.!?](?=\s|$)|[。！？]", found["summary"])
    assert 2 <= len(sentences) <= 3
    assert all(item["quote"] in mail["text"] for item in found["action_items"])
    assert len(set(found["replies"])) == 3
    assert all(len(reply.split()) <= 50 for reply in found["replies"])


@pytest.mark.parametrize("sample", KNOWN, ids=lambda sample: str(sample["subject"])[:30])
def test_known_mails_get_their_real_translations(sample: dict[str, Any]) -> None:
    mail = next(mail for mail in MAILS.values() if mail["subject"] == sample["subject"])
    for code, translation in sample["translations"].items():
        assert analyse(mail, into=f"Its name ({code})")["translation"] == translation
    assert analyse(mail, into=f"Its own ({sample['language']})")["translation"] == sample["summary"]


def test_the_first_two_have_what_the_demo_promises() -> None:
    assert {"ja", "es"} <= {code for sample in KNOWN[:2] for code in sample["translations"]}


@pytest.mark.skipif(not CORPUS, reason="MAILROOM_CORPUS does not name the folder of labelled mail")
def test_a_labelled_mailbox_is_answered_to_the_last_mail() -> None:
    for line in (Path(CORPUS or "") / "labelled" / "gaia" / "mails.jsonl").read_text("utf-8").splitlines():
        labelled = json.loads(line)
        mail = {
            "message_key": labelled["id"], "subject": labelled["subject"], "sender": labelled["sender"],
            "sender_name": "", "date": labelled["date"], "attachments": [], "text": labelled["body"],
        }  # fmt: skip
        triage(mail)
        assert all(item["quote"] in labelled["body"] for item in analyse(mail)["action_items"])
