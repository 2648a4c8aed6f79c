"""A date is the right moment in UTC, or unknown with a defect; it is never guessed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.dates import NO_ZONE, UNKNOWN_ZONE, UNREADABLE, read_date
from tasks.parsing.headers import decode_text
from tasks.parsing.month_names import month_of
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import mail


def at(hour, minute=0, *, month=11, day=24):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Tue, 24 Nov 2026 09:48:00 +0100", at(8, 48)),
        ("24 Nov 2026 09:48 GMT", at(9, 48)),
        ("Tue, 24 Nov 2026 09:48:00 -0000", at(9, 48)),
        ("Tue, 24 Nov 2026 09:48:60 +0530 (IST)", at(4, 18).replace(second=59)),
        ("Tue, 24 Nov 2026 09:48:00 GMT+0200", at(7, 48)),
        ("Tue, 24 Nov 2026 09:48:00 +02:00", at(7, 48)),
        ("Tue, 24 Nov 2026 09:48:00 UTC-3", at(12, 48)),
        ("Tue, 24 Nov 2026 09:48:00 +2", at(7, 48)),
        ("Tue, 24 Nov 2026 09:48:00 CET", at(8, 48)),
        ("Tue, 24 Nov 2026 09:48:00 PST", at(17, 48)),
        ("Tue, 24 Nov 2026 09:48:00 (JST)", at(0, 48)),
        ("Tue, 24 Nov 2026 09:48:00 PM +0100", at(20, 48)),
        ("Tue, 24 Nov 2026 12:05 AM GMT", at(0, 5)),
        ("Tue, 24 Nov 2026 9:48 p.m. CET", at(20, 48)),
        ("Tue Nov 24 09:48:00 MSK 2026", at(6, 48)),
        ("Tuesday, November 24, 2026 9:48 AM -0500", at(14, 48)),
        ("2026-11-24T09:48:00Z", at(9, 48)),
        ("2026-11-24T09:48:00.123+01:00", at(8, 48)),
        ("2026/11/24 09:48:00 UTC", at(9, 48)),
        ("24.11.2026 09:48 +0100", at(8, 48)),
        ("11/24/2026 9:48 PM GMT", at(21, 48)),
        ("24/11/2026 09:48 GMT", at(9, 48)),
        ("24-Nov-26 09:48:00 GMT", at(9, 48)),
        ("Di, 24 Mär 2026 09:48:00 +0100", at(8, 48, month=3)),
        ("Dienstag, 24. Dezember 2026 09:48 Uhr +0100", at(8, 48, month=12)),
        ("mar., 24 févr. 2026 09:48:00 +0100", at(8, 48, month=2)),
        ("mar, 24 ene 2026 09:48:00 +0100", at(8, 48, month=1)),
        ("ter, 24 out 2026 09:48:00 -0300", at(12, 48, month=10)),
        ("di, 24 mrt 2026 09:48:00 +0100", at(8, 48, month=3)),
        ("wt, 24 paź 2026 09:48:00 +0200", at(7, 48, month=10)),
        ("вт, 24 дек 2026 09:48:00 +0300", at(6, 48, month=12)),
        ("Sal, 24 Ağu 2026 09:48:00 +0300", at(6, 48, month=8)),
        ("Τρι, 24 Νοε 2026 09:48:00 +0200", at(7, 48)),
        ("2026年11月24日 午後3:05 JST", at(6, 5)),
        ("周二, 24 11月 2026 09:48:00 +0800", at(1, 48)),
        ("2026년 11월 24일 09:48 +0900", at(0, 48)),
    ],
)
def test_a_date_is_a_moment_in_utc(raw, moment):
    assert read_date(raw) == (moment, "")


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        ("Tue, 24 Nov 2026 09:48:00 IST", UNKNOWN_ZONE),
        ("Tue, 24 Nov 2026 09:48:00 BST", UNKNOWN_ZONE),
        ("Tue, 24 Nov 2026 09:48:00 W. Europe Standard Time", UNKNOWN_ZONE),
        ("Tue, 24 Nov 2026 09:48:00 K", UNKNOWN_ZONE),
        ("Tue, 24 Nov 2026 09:48:00 +9999", UNREADABLE),
        ("Tue, 31 Nov 2026 09:48:00 GMT", UNREADABLE),
        ("Tue, 24 Nov 2026 25:48:00 GMT", UNREADABLE),
        ("Tue, 24 Smarch 2026 09:48:00 GMT", UNREADABLE),
        ("wt, 24 lis 2026 09:48:00 +0100", UNREADABLE),
        ("05/06/2026 09:48 GMT", UNREADABLE),
        ("24 Nov 2569 09:48:00 +0700", UNREADABLE),
        ("yesterday", UNREADABLE),
    ],
)
def test_what_is_not_clear_is_unknown_and_a_defect(raw, defect):
    got = read_mail(mail("x", header=(f"Date: {raw}",)))

    assert (got.date, got.parse_defects) == (None, (defect,))


@pytest.mark.parametrize("raw", ["24 Nov 2026 09:48", "2026-11-24 09:48:00", "Tue Nov 24 09:48:00 2026"])
def test_a_time_without_a_zone_counts_as_utc_and_says_so(raw):
    assert read_date(raw) == (at(9, 48), NO_ZONE)


def test_a_mail_without_a_date_has_none_and_no_defect():
    assert read_mail(mail("x", header=("Subject: x",))).parse_defects == ()


def test_a_month_that_two_languages_name_differently_is_none():
    assert [month_of(name) for name in ("listopad", "lipanj", "srp", "mai", "SEPT.", "ağustos")] == [
        None,
        6,
        None,
        5,
        9,
        8,
    ]


@given(st.text(max_size=60) | st.from_regex(r"[0-9:/., +a-z-]{1,40}"))
def test_any_text_is_a_date_or_none(raw):
    moment, defect = read_date(raw)

    assert moment is None or moment.tzinfo is UTC
    assert moment is not None or defect or not decode_text(raw)
