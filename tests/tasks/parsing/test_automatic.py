"""Mails of programs, and ours that come back, are told from those of people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing import automatic as reading
from tasks.parsing.automatic import is_no_reply, read_automatic
from tasks.parsing.read_mail import read_mail

OURS = frozenset({"desk@us.example", "sales@xn--grn-ioa.example"})
TEXT = ("Content-Type: text/plain", "", "Please help me.")


def automatic(*headers, sender="Ann <ann@a.example>", rest=TEXT, more="Message-ID: <1@a.example>"):
    lines = [f"From: {sender}", "To: desk@us.example", "Subject: Help", more, *headers, *rest, ""]
    return read_automatic("\r\n".join(lines).encode(), OURS)


@pytest.mark.parametrize(
    "header",
    [
        "X-Nothing: 1", "Auto-Submitted: no", "Auto-Submitted: No (a person did)", "Auto-Submitted: no; owner=x",
        "Precedence: first-class", "Precedence: normal", "X-Auto-Response-Suppress: None",
        "X-Auto-Response-Suppress: none", "Return-Path: <ann@a.example>",
        "In-Reply-To: <mailroom.0000000000000000000000000000000000000000@us.example>", "Reply-To: <>", "Feedback-ID: ",
        "X-Mailer: Outlook", "Cc: desk@us.example", "Reply-To: ann+mails@a.example",
    ],
)  # fmt: skip
def test_what_a_person_wrote_is_a_persons(header):
    assert automatic(header).why == ""


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-generated", "Auto-Submitted: AUTO-NOTIFIED; x=1",
        "auto-submitted: (x) auto-generated (rejected)", "Precedence: bulk", "Precedence: Junk", "Precedence:  list ",
        "List-Id: <l.a.example>", "List-Unsubscribe: <mailto:x@a.example>", "List-Help: <x>", "List-Owner: <x>",
        "X-Auto-Response-Suppress: All", "X-Auto-Response-Suppress: DR, OOF, AutoReply", "Feedback-ID: 1:2:3:a",
        "X-Mailing-List: l", "X-Loop: someone@else.example",
    ],
)  # fmt: skip
def test_what_a_program_says_of_itself_counts(header):
    said = automatic(header)

    assert said.why
    assert not said.never, "a person may still answer it"


@pytest.mark.parametrize(
    "header",
    [
        "Return-Path: <>", "return-path:  < > ".replace("< >", "<>"), "Auto-Submitted: auto-replied",
        "X-Autoreply: yes", "X-Loop: Desk <DESK@us.example>", "Precedence: auto_reply",
        "X-Failed-Recipients: x@y.example",
    ],
)  # fmt: skip
def test_what_nobody_would_read_the_answer_of_is_never_answered(header):
    assert automatic(header).never


@pytest.mark.parametrize(
    "sender",
    [
        "no-reply@a.example", "NoReply@a.example", "no_reply+7@a.example", "do-not-reply@a.example",
        "donotreply.eu@a.example", "shop-noreply@a.example", "ne-pas-repondre@a.example", "nicht-antworten@a.example",
        "keine-antwort@a.example", "no-responder@a.example", "no_contestar@a.example", "inte-svara@a.example",
        "nao-responder@a.example", "non-rispondere@a.example",
        "niet-beantwoorden@a.example", "nie-odpowiadaj@a.example", "ne-otvechat@a.example", "svara-inte@a.example",
        "yanitlamayin@a.example", "MAILER-DAEMON@a.example", "Mail.Delivery.System@a.example", "bounce+123@a.example",
        "notifications@a.example", "ann@noreply.a.example", "x@bounces.no-reply.a.example", "root@a.example",
    ],
)  # fmt: skip
def test_senders_that_nobody_reads_at_are_known_in_many_spellings(sender):
    assert automatic(sender=f"Shop <{sender}>").never


@pytest.mark.parametrize(
    "address",
    [
        "norbert@a.example",
        "norep.lyons@a.example",
        "eleonore.plys@a.example",
        "support@a.example",
        "info@reply.example",
        "anna.noreen@a.example",
        "robotics@a.example",
    ],
)
def test_people_and_desks_are_no_such_senders(address):
    assert not is_no_reply(address)


@pytest.mark.parametrize(
    "sender", ["desk@us.example", "DESK+tag@US.example", "sales@grün.example", "sales+x@xn--grn-ioa.example"]
)
def test_mail_from_ourselves_is_never_answered(sender):
    assert automatic(sender=f"Desk <{sender}>").never


def test_a_reply_of_ours_that_comes_back_is_never_answered():
    assert automatic(more=f"Message-ID: <mailroom.{'0a' * 20}@elsewhere.example>").never


@pytest.mark.parametrize("sender", ["noreply@us.example", "desk@us.example", "no-reply@site.example"])
def test_a_form_that_hands_on_a_persons_words_is_a_persons(sender):
    assert automatic("Reply-To: Carl <carl@c.example>", sender=f"Form <{sender}>").why == ""


def test_a_form_that_names_nobody_is_a_programs():
    assert automatic("Reply-To: desk@us.example", sender="Form <noreply@us.example>").never
    assert automatic("Reply-To: no-reply@c.example", sender="Ann <ann@a.example>").never


def calendar(method, parameter=True, encoding="7bit"):
    import base64

    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nEND:VCALENDAR\r\n"
    body = base64.b64encode(text.encode()).decode() if encoding == "base64" else text
    kind = f"text/calendar; method={method}" if parameter else 'text/calendar; name="invite.ics"'
    return (f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", "", body)


@pytest.mark.parametrize("method", ["REPLY", "CANCEL", "COUNTER", "DECLINECOUNTER", "REFRESH"])
@pytest.mark.parametrize("shape", [{}, {"parameter": False}, {"parameter": False, "encoding": "base64"}])
def test_what_calendar_programs_answer_is_not_answered(method, shape):
    assert automatic(rest=calendar(method, **shape)).never


def test_an_invitation_is_a_persons():
    assert automatic(rest=calendar("REQUEST")).why == ""


@pytest.mark.parametrize("header", ["Precedence: junk", "List-Help: <x>", "Precedence: bulk"])
def test_junk_and_lists_are_sorted_alike(header):
    raw = f"From: Ann <ann@a.example>\r\nSubject: Hi\r\n{header}\r\n\r\nHello\r\n".encode()
    assert read_mail(raw).kind == "list"


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe", b"From: \xff@\xff\r\nReply-To: =?x?\r\n\r\n", b"Content-Type: text/calendar\r\n\r\n\xff"]
)
def test_any_bytes_are_read(raw):
    read_automatic(raw, OURS)


_NAME_PIECES = [*"no reply noreply norep lyons do not answer bot system daemon ann 1 22 - . _".split(), ""]


@given(st.lists(st.sampled_from(_NAME_PIECES), max_size=10).map("".join))
def test_what_a_names_words_say_is_not_lost_by_the_look_before(name):
    words = reading._words(name)
    rows = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 2, len(words) + 1)}
    inside, alone = reading._no_reply_names()
    by_word = any(reading._inside_a_word().search(word) for word in words)
    says = by_word or not inside.isdisjoint(rows) or "".join(words) in alone
    assert is_no_reply(f"{name}@host.example") is says
