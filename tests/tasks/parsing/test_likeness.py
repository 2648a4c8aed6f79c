"""A copy made by a mailing list or a gateway has its original's likeness; another mail has not."""

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import mail

HEADER = ("From: Ann Example <ann@example.com>", "Subject: Lunch on Friday", "Date: Fri, 13 Nov 2026 10:00:00 +0100")
WITH_ID = (*HEADER, "Message-ID: <one@example.com>")
TEXT = "Shall we have lunch at the harbour this time?\nAnn\n"
FOOTER = "\n_______________________________________________\nLunch mailing list\nhttps://lists.example.org/lunch\n"
BANNER = "CAUTION: this mail came from outside of the firm: https://firm.example/caution-and-a-long-link\n\n"


def read(text, header):
    return read_mail(mail(text, header=header))


def changed(header, **fields):
    """The header with other values of some fields."""
    return tuple(
        f"{name}: {fields.get(name.lower(), value)}" for name, value in (line.split(": ", 1) for line in header)
    )


@pytest.mark.parametrize("header", [HEADER, WITH_ID], ids=["no id", "with an id"])
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (TEXT + FOOTER, {}),
        (BANNER + TEXT, {}),
        (TEXT, {"subject": "[Lunch] Lunch on Friday"}),
        (TEXT, {"subject": "[EXTERNAL] [Lunch] Lunch on Friday"}),
        (TEXT, {"from": "Ann Example via Lunch <lunch@lists.example.org>"}),
        (BANNER + TEXT + FOOTER, {"subject": "***SPAM*** Lunch  on Friday", "from": "lunch@lists.example.org"}),
    ],
)
def test_copies_are_alike_and_yet_mails_of_their_own(header, text, fields):
    original, copy = read(TEXT, header), read(text, changed(header, **fields))

    assert copy.message_key != original.message_key
    assert copy.likeness == original.likeness != ""


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (TEXT, {"subject": "Lunch on Monday"}),
        (TEXT, {"date": "Fri, 13 Nov 2026 10:00:01 +0100"}),
        ("Shall we have lunch at the castle this time?\nAnn\n", {}),
    ],
)
def test_other_mails_are_not_alike(text, fields):
    assert read(text, changed(HEADER, **fields)).likeness != read(TEXT, HEADER).likeness


def test_one_id_at_two_moments_is_two_mails():
    assert read(TEXT, WITH_ID).likeness != read(TEXT, changed(WITH_ID, date="Fri, 13 Nov 2026 11:00:00 +0100")).likeness


@pytest.mark.parametrize("text", ["", "Yes.\n", "https://example.org/a-very-long-link-indeed\n"])
def test_where_nothing_tells_there_is_no_likeness(text):
    assert read(text, HEADER).likeness == ""
