import email
from datetime import UTC, datetime
from email.policy import default

import icalendar
import pytest

from tasks.act.actions.calendar_invite import moment_of
from tests.tasks.act.office import RAW, Office, files_in

INVITE = {"action": "calendar_invite", "minutes": 45}
ITEM = {"text": "Meet", "owner": None, "due": "2026-12-03T10:00:00+01:00", "quote": "x", "quote_found": True}
INVITATION = b"""Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261203T100000
ORGANIZER:mailto:eve@evil.example
LOCATION:https://evil.example
END:VEVENT
END:VCALENDAR
--b--
"""


def test_a_meeting_becomes_a_draft_with_an_entry_of_our_own_making(ledger_url, tmp_path):
    office = Office(ledger_url, raw=RAW)
    office.receive()
    for _ in range(2):
        (done,) = office.act(INVITE, action_items=[ITEM], subject="Planning at https://evil.example")

    assert done["state"] == "done"
    (raw,) = files_in(tmp_path / ".mailroom" / "drafts")
    mail = email.message_from_bytes(raw, policy=default)
    (part,) = mail.iter_attachments()
    (event,) = icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")
    assert mail["To"] == "ann@company.example"
    assert event.decoded("dtstart") == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert (event.decoded("dtend") - event.decoded("dtstart")).total_seconds() == 45 * 60
    assert b"evil" not in raw.lower()
    assert "evil" not in str(part.get_content()).lower()


@pytest.mark.parametrize(
    ("items", "moment"),
    [
        ([], None),
        ([{**ITEM, "due": None}], None),
        ([{**ITEM, "due": "next week"}], None),
        ([{**ITEM, "due": "2026-12-03"}], None),
        ([{**ITEM, "quote_found": False}], None),
        ([{**ITEM, "due": "2026-12-03 10:00"}], datetime(2026, 12, 3, 10, tzinfo=UTC)),
    ],
)
def test_only_a_moment_that_leaves_no_doubt_counts(items, moment):
    assert moment_of(RAW, items) == moment


def test_an_invitation_in_the_mail_says_when_and_nothing_else():
    assert moment_of(INVITATION, []) == datetime(2026, 12, 3, 9, tzinfo=UTC)
    assert moment_of(INVITATION.replace(b"BEGIN:VEVENT", b"BROKEN"), []) is None


def test_a_mail_that_names_no_moment_is_skipped(ledger_url):
    office = Office(ledger_url)
    office.receive()

    (skipped,) = office.act(INVITE)
    assert (skipped["state"], skipped["detail"]) == ("skipped", "the mail names no time")
