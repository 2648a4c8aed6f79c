"""New text is separated from history and signature, in many languages, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.quotes import split_quotes

HEADS = [
    "On Tue, 24 Nov 2026 at 09:48, Bob Example <bob@example.com> wrote:",
    "On Tue, 24 Nov 2026 at 09:48, Bob Example <bob@example.com>\nwrote:",
    "Am 24.11.2026 um 09:48 schrieb Bob Example <bob@example.com>:",
    "Le mar. 24 nov. 2026 à 09:48, Bob Example <bob@example.com> a écrit :",
    "El mar, 24 nov 2026 a las 9:48, Bob Example (<bob@example.com>) escribió:",
    "Il giorno mar 24 nov 2026 alle ore 09:48 Bob Example <bob@example.com> ha scritto:",
    "Em ter., 24 de nov. de 2026 às 09:48, Bob Example <bob@example.com> escreveu:",
    "Op di 24 nov 2026 om 09:48 schreef Bob Example <bob@example.com>:",
    "вт, 24 нояб. 2026 г. в 09:48, Bob Example <bob@example.com> написал:",
    "2026年11月24日(火) 9:48 Bob Example <bob@example.com> のメール:",
    "Bob Example <bob@example.com> 于2026年11月24日周二 09:48写道：",
    "2026년 11월 24일 (화) 오전 9:48, Bob Example <bob@example.com>님이 작성:",
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "From: Bob Example <bob@example.com>\nSent: Tuesday, 24 November 2026 09:48\nTo: Ann\nSubject: Report",
    "Von: Bob Example <bob@example.com>\nGesendet: Dienstag, 24. November 2026 09:48\nAn: Ann\nBetreff: Bericht",
    "De : Bob Example <bob@example.com>\nEnvoyé : mardi 24 novembre 2026 09:48\nÀ : Ann\nObjet : Rapport",
    "差出人: Bob Example <bob@example.com>\n送信日時: 2026年11月24日 9:48\n宛先: Ann\n件名: 報告",
    "发件人: Bob Example <bob@example.com>\n发送时间: 2026年11月24日 9:48\n收件人: Ann\n主题: 报告",
]  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_history_begins_at_its_head(head):
    got = split_quotes(f"Yes, on Monday.\n\n{head}\n\nCan you come?\nBob")

    assert got.new == "Yes, on Monday."
    assert got.quoted.startswith(head)
    assert got.quoted.endswith("Bob")


def test_answers_between_quoted_lines_are_new():
    got = split_quotes(f"{HEADS[0]}\n> When?\n\nOn Monday.\n\n> Where?\n\nIn room 4.")

    assert got.new.split() == "On Monday. In room 4.".split()
    assert "> When?" in got.quoted
    assert "> Where?" in got.quoted


@pytest.mark.parametrize(
    "text",
    [
        "The minister wrote:\nwe will build.",
        "From: Lisbon\nI send my regards.",
        "On Monday we met.\nHe wrote: nothing.",
        "Agenda for 24.11.2026:\nBudget, staff.",
        "Date: 24 November\nPlace: room 4\nBring your notes.",
        "To: do\nCc: the team\nSubject: to change",
        "We agreed on the following\n--\nOne\nTwo\n" + "line\n" * 50,
        ">From the start this was clear.\nYes.",
        "Dear all,\n\nthe price is 4 > 3.",
    ],
)
def test_ordinary_text_is_not_history(text):
    got = split_quotes(text)

    assert got.new == text.strip()
    assert (got.quoted, got.signature) == ("", "")


@pytest.mark.parametrize(
    "head",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
    ],
)
def test_a_forwarded_mail_is_what_the_sender_wants_read(head):
    text = (
        f"Please handle.\n\n{head}\n"
        "From: Desk <desk@example.net>\nDate: Tue, 24 Nov 2026\nSubject: Leak\n\nRow 4 leaks."
    )

    assert split_quotes(text).new == text


@pytest.mark.parametrize(
    ("end", "signature"),
    [
        ("-- \nAnn Example\nExample Ltd", "-- \nAnn Example\nExample Ltd"),
        ("--\nAnn Example", "--\nAnn Example"),
        ("Sent from my iPhone", "Sent from my iPhone"),
        ("Von meinem Handy gesendet", "Von meinem Handy gesendet"),
        ("━━━━━━━━━━━━\n株式会社例\nTEL 03-0000-0000", "━━━━━━━━━━━━\n株式会社例\nTEL 03-0000-0000"),
        ("------------------\nAnn Example\nann@example.com", "------------------\nAnn Example\nann@example.com"),
    ],
)
def test_a_signature_is_apart(end, signature):
    got = split_quotes(f"The report is done.\n\n{end}\n")

    assert got.new == "The report is done."
    assert got.signature == signature


def test_a_mail_that_is_all_quotes_keeps_its_text():
    assert split_quotes("> one\n> two").new == "> one\n> two"


@given(st.lists(st.sampled_from([*HEADS, "> quoted", "Words.", "", "-- ", "From: x", "wrote:"]), max_size=12))
def test_no_line_is_lost(lines):
    text = "\n".join(lines)
    got = split_quotes(text)

    kept = "\n".join(got[:3]).split()
    assert sorted(kept) == sorted(text.split())
