"""Public mails that broke other readers, where MAILROOM_CORPUS names a folder of them with its MANIFEST.csv."""

import os
from pathlib import Path

import pytest

from tasks.parsing.read_mail import read_mail
from tests.benchmarks.corpus import corpus_mails, plain_reading, read_beside
from tests.benchmarks.corpus_expected import compare, everything

CORPUS = os.environ.get("MAILROOM_CORPUS", "")
pytestmark = pytest.mark.skipif(not CORPUS, reason="MAILROOM_CORPUS names no folder of mails")

# Expectations of other parsers that we don't share, by file.
KNOWN = {
    "mimetools-testmsgs/bluedot-postcard.msg": "an alternative that was not chosen",
    "mimetools-testmsgs/double-semicolon.msg": "an alternative that was not chosen",
    "mimetools-testmsgs/double-semicolon2.msg": "an alternative that was not chosen",
    "thirdparty/000.eml": "an alternative that was not chosen",
    "thirdparty/001.eml": "an alternative that was not chosen",
    "mimetools-testmsgs/lennie.msg": "the title of a page is not its text",
    "mimetools-testmsgs/sig-uu.msg": "a coded file is an attachment, not text",
    "mimetools-testmsgs/uu-junk.msg": "a coded file is an attachment, not text",
    "mimetools-testmsgs/uu-zeegee.msg": "a coded file is an attachment, not text",
    "testmsgs/multipartnestedemptyparts.msg": "the header of an inner mail is fields, not text",
    "malformed/020.eml": "a boundary line is not text",
    "malformed/021.eml": "a boundary line is not text",
}


@pytest.fixture(scope="module")
def read():
    """Every mail of the corpus, read once."""
    return {path: read_mail(path.read_bytes()) for path in corpus_mails(Path(CORPUS))}


def test_every_file_is_one_row_and_no_reader_fails(read):
    assert len(read) == len(corpus_mails(Path(CORPUS)))
    assert [path.name for path, mail in read.items() if mail.quarantine.startswith("the reader failed")] == []


def test_texts_can_be_stored_and_no_field_breaks_a_line(read):
    for path, mail in read.items():
        everything(mail).encode()
        one_line = [mail.subject, mail.sender_name, mail.sender_address, mail.reply_to, *mail.to, *mail.cc]
        assert not any("\n" in field or "\r" in field for field in one_line), path
        assert all(one.fate in ("text", "media") or one.reason for one in mail.attachments), path


def test_fields_are_what_other_parsers_expect(read):
    checks = [one for path, mail in read.items() for one in compare(path, mail)]

    assert len(checks) > 200
    assert {one.path for one in checks if not one.right} == set(KNOWN)


def test_no_body_is_empty_that_a_plain_reading_finds(read):
    wrong = []
    for path, mail in read.items():
        try:
            plain = plain_reading(path.read_bytes())
        except (LookupError, ValueError):
            continue
        if plain.strip() and not mail.text and not read_beside(mail):
            wrong.append(path.name)

    assert wrong == []


def test_copies_with_other_line_ends_are_one_mail(read):
    twins: dict[bytes, set[str]] = {}
    for path, mail in read.items():
        lines = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        twins.setdefault(lines, set()).add(mail.message_key)

    assert len(twins) < len(read)
    assert [keys for keys in twins.values() if len(keys) > 1] == []


def test_mails_that_share_a_message_id_and_differ_are_two(read):
    by_id: dict[str, dict[str, str]] = {}
    for mail in read.values():
        if mail.message_id and mail.text:
            by_id.setdefault(mail.message_id, {})[" ".join(mail.text.split())] = mail.message_key
    shared = [texts for texts in by_id.values() if len(texts) > 1]

    assert shared
    assert all(len(set(texts.values())) == len(texts) for texts in shared)


@pytest.mark.parametrize("share", [0.1, 0.35, 0.6, 0.9])
def test_truncated_mails_are_rows_too(share):
    for path in corpus_mails(Path(CORPUS)):
        raw = path.read_bytes()
        mail = read_mail(raw[: int(share * len(raw))])
        assert not mail.quarantine.startswith("the reader failed"), path
