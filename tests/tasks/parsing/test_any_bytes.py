"""Any bytes give a mail: random ones, any tree of parts, any truncation, any mutation."""

import random
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import PNG, attached, docx, multipart, part, pdf, xlsx

SAMPLES = sorted((Path(__file__).resolve().parents[3] / "deployments" / "demo" / "sample_mailbox").glob("*.eml"))
BOUNDED = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.sampled_from(
    "Content-Type Content-Transfer-Encoding Content-Disposition From To Cc Subject Date Message-ID References "
    "MIME-Version Content-ID Reply-To Auto-Submitted X-Mailroom-Target-Language".split()
)
VALUES = st.one_of(
    st.sampled_from(
        [
            "text/plain; charset=utf-8", "text/html", "multipart/mixed; boundary=b",
            'multipart/alternative; boundary="b"', "message/rfc822", "message/delivery-status", "text/calendar",
            "application/pdf", "base64", "quoted-printable", "x-uuencode", 'attachment; filename="a"',
            "attachment; filename*=utf-8''%e2%82", "=?utf-8?b?4oKs?=", "=?iso-2022-jp?b?GyRC?=",
            "text/plain; format=flowed; delsp=yes", "multipart/encrypted; boundary=b",
            "application/pkcs7-mime; smime-type=signed-data", 'a@b, "x" <c@d>', "text/plain; charset=utf-7",
            "text/enriched",
        ]
    ),
    st.text(max_size=40),
)  # fmt: skip
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
LEAVES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.sampled_from(
        [
            b"--b\n\nx\n--b--\n", b"begin 644 a\n#0V%T\n`\nend\n", b"=ybegin line=1 name=x\n\x00\n=yend\n", b"+AGE-",
            b"-- \nAnn", b"> a\nOn 1 Jan 2026, a@b wrote:\n> b", b"<div style='display:none'>x</div>",
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"-----BEGIN PGP MESSAGE-----\n", b"{\\rtf1 x}", b"\x1b$B%5%]", PNG,
            b"\x78\x9f\x3e\x22\x01\x00",
        ]
    ),
)  # fmt: skip


def encoded(fields, body):
    head = "\n".join(f"{name}: {value}" for name, value in fields)
    return head.encode("utf-8", "surrogatepass") + b"\n\n" + body


TREES = st.recursive(
    st.builds(encoded, FIELDS, LEAVES),
    lambda children: (
        st.builds(
            lambda kind, parts: multipart(kind, *parts, edge=f"e{len(parts)}"),
            st.sampled_from(["mixed", "alternative", "related", "signed", "encrypted", "report", "digest"]),
            st.lists(children, max_size=4),
        )
        | children.map(lambda inner: part("message/rfc822", inner))
    ),
    max_leaves=8,
)


def check(raw):
    got = read_mail(raw)

    assert isinstance(got, Mail)
    assert not got.quarantine.startswith("the reader failed"), got.quarantine
    assert len(got.message_key) == 64
    for text in (got.text, got.quoted, got.signature, got.hidden_text, got.subject, got.sender_address, *got.to):
        text.encode()  # no half characters: they could not be stored
    assert "\n" not in got.subject + got.sender_name + got.sender_address
    assert all(one.fate in ("text", "media") or one.reason for one in got.attachments)
    return got


@BOUNDED
@given(st.binary(max_size=2_000))
def test_any_bytes(raw):
    check(raw)


@BOUNDED
@given(TREES)
def test_any_tree_of_parts(raw):
    check(raw)


@BOUNDED
@given(FIELDS, LEAVES)
def test_any_header(fields, body):
    check(encoded(fields, body))


@BOUNDED
@given(st.sampled_from(SAMPLES), st.floats(0, 1))
def test_any_truncation_of_a_sample(path, share):
    raw = path.read_bytes()
    check(raw[: int(share * len(raw))])


@BOUNDED
@given(st.sampled_from(SAMPLES), st.integers(0, 2**32))
def test_any_few_changed_bytes_of_a_sample(path, seed):
    rng = random.Random(seed)
    raw = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 20)):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    check(bytes(raw))


@pytest.mark.parametrize(
    ("name", "data"), [("a.pdf", pdf("words")), ("a.docx", docx("words")), ("a.xlsx", xlsx([["words", 1]]))]
)
def test_damaged_documents_are_attachments_with_a_reason(name, data):
    rng = random.Random(name)
    for _ in range(12):
        broken = bytearray(data[: rng.randrange(len(data))] if rng.random() < 0.5 else data)
        for _ in range(rng.randint(1, 30)):
            if broken:
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        check(multipart("mixed", attached(name, "application/octet-stream", bytes(broken))))


@BOUNDED
@given(st.text(st.characters(categories=["L", "M", "N", "Zs"]), min_size=1, max_size=300))
def test_any_words_survive_the_way_there_and_back(words):
    written = EmailMessage()
    written["From"], written["Subject"] = "ann@example.com", " ".join(words.split())[:60]
    written.set_content(words)
    got = check(written.as_bytes())

    assert got.text.split() == words.split()
