"""Reads a chunk with a scripted asker: the questions about each mail, and its row if an answer fails."""

import asyncio
import logging

import pytest
from sqlalchemy.exc import OperationalError

from tasks.errors import BudgetExceeded, KeyRejected, Refused, TimedOut
from tasks.frames import Messages, Readings
from tasks.questions import Completion, Link, Usage
from tasks.understand.understand import understand
from tasks.understand.understand_messages import _tell
from tests.made_rows import message_row, reading_row

LINK = (Link(provider="openai", model="m"),)
MAIL = message_row(text="Please send the list by Friday.", target_language="de", tokens=8)
TRIAGE = {
    "category": "SUPPORT", "language": "en", "needs_reply": True, "complexity": "simple", "confidence": 0.9,
    "reason": "It asks.",
}  # fmt: skip
ANALYSIS = {
    "summary": "Ann wants the list. It is due on Friday.",
    "translation": "Ann will die Liste. Sie ist bis Freitag fällig.",
    "action_items": [{"text": "Send it", "owner": None, "due": "Friday", "quote": "send the list by Friday"}],
    "replies": ["I will.", "It comes.", "Not before Monday."],
}  # fmt: skip


class Scripted:
    """Answers by the question's name; an exception in place of an answer is raised."""

    def __init__(self, **answers):
        self.answers = {"triage": TRIAGE, "analysis": ANALYSIS, **answers}
        self.asked = []

    async def complete(self, question, chain, *, message_key, refresh=False):
        self.asked.append((message_key, question))
        answer = self.answers[question.name]
        answer = answer(message_key) if callable(answer) else answer
        if isinstance(answer, Exception):
            raise answer
        value = question.answer.model_validate({n: answer[n] for n in question.answer.model_fields})
        return Completion(value=value, usage=Usage(), price_usd=None, provider="openai", model="m", request_id=None)


class OneModel:
    def __init__(self, min_confidence=0.0):
        self.min_confidence = min_confidence

    def for_triage(self, mail):
        return LINK, ""

    def for_second_triage(self, triage):
        return (LINK, "unsure") if triage.confidence < self.min_confidence else None

    def for_analysis(self, mail, triage):
        return LINK, "the only one"


ALL = frozenset({"summary", "translation", "action_items", "replies"})


def read(asker, *mails, worth=ALL, models=None, **options):
    rows = [{**MAIL, "message_key": str(n) * 12, **mail} for n, mail in enumerate(mails or [{}])]
    readings = asyncio.run(understand(Messages.of(rows), asker, models or OneModel(), lambda mail: worth, **options))
    return readings.to_dict("records")


def test_a_mail_is_sorted_and_then_asked_what_it_is_worth():
    asker = Scripted()

    (row,) = read(asker)

    assert [(question.name, question.follows) for _, question in asker.asked] == [("triage", False), ("analysis", True)]
    assert (row["category"], row["calls"], row["doubts"]) == ("SUPPORT", 2, [])
    assert row["action_items"][0]["quote"] == "send the list by Friday"


def test_a_mail_worth_nothing_more_costs_one_call():
    asker = Scripted()

    (row,) = read(asker, worth=frozenset())

    assert (len(asker.asked), row["category"], row["summary"]) == (1, "SUPPORT", "")


def test_a_language_that_is_known_is_not_asked_for():
    asker = Scripted(triage=lambda key: TRIAGE | {"language": "de" if key.startswith("0") else "fr"})

    known, unknown = read(asker, {"language": "de"}, {"language": ""}, worth=frozenset())

    assert (known["language"], unknown["language"]) == ("de", "fr")
    schemas = [question.answer.model_json_schema()["required"] for _, question in asker.asked]
    assert ["language" in names for names in schemas] == [False, True]
    assert ["language" in question.instructions for _, question in asker.asked] == [False, True]


def test_nothing_is_said_of_what_is_not_asked_for():
    asker = Scripted()

    read(asker, worth=frozenset({"summary", "action_items"}))

    told = asker.asked[-1][1].instructions
    assert "summary:" in told
    assert "action_items:" in told
    assert "replies" not in told
    assert "translation" not in told


LONG = {"text": "Opening words. " + "Filling of the middle. " * 300 + "Closing words.", "tokens": 1_500}


def test_a_long_mail_is_sorted_by_its_beginning_and_end_and_analysed_whole():
    asker = Scripted()

    read(asker, LONG)

    triage, analysis = (question.text for _, question in asker.asked)
    assert "Opening words." in triage
    assert "Closing words." in triage
    assert "words left out" in triage
    assert len(triage) < len(LONG["text"]) / 4
    assert LONG["text"] in analysis


def test_who_is_asked_again_about_a_doubtful_triage_sees_the_whole_mail():
    asker = Scripted()

    read(asker, LONG, worth=frozenset(), models=OneModel(min_confidence=1.0))

    first, second = (question.text for _, question in asker.asked)
    assert LONG["text"] not in first
    assert LONG["text"] in second


def test_a_mail_to_be_read_in_parts_is_never_sent_whole():
    asker = Scripted(part={"summary": "Notes.", "action_items": []})

    read(asker, LONG, part_tokens=500, models=OneModel(min_confidence=1.0))

    assert not any(LONG["text"] in question.text for _, question in asker.asked)


def test_answers_that_the_mail_does_not_bear_out_are_marked():
    wrong = ANALYSIS | {
        "summary": "One sentence only.", "translation": "The list is due on Friday and Ann wants to have it by then.",
        "action_items": [{"text": "Pay", "owner": None, "due": None, "quote": "pay at once"}],
        "replies": ["word " * 60, "See http://evil.example/x", "Fine."],
    }  # fmt: skip

    (row,) = read(Scripted(analysis=wrong))

    assert set(row["doubts"]) == {
        "summary_length", "translation_language", "quote_not_in_mail", "reply_too_long", "reply_names_address",
    }  # fmt: skip
    assert row["category"] == "SUPPORT"


@pytest.mark.parametrize(
    ("error", "curable"),
    [(TimedOut("late"), True), (KeyRejected("no"), True), (BudgetExceeded("spent"), True), (Refused("no"), False)],
)
def test_a_mail_that_fails_keeps_what_was_known_and_takes_nobody_along(error, curable):
    asker = Scripted(analysis=lambda key: error if key.startswith("0") else ANALYSIS)

    failed, fine = read(asker, {}, {})

    assert (failed["error_type"], failed["category"], failed["curable"]) == (type(error).code, None, curable)
    assert failed["language"] == "en"
    assert fine["category"] == "SUPPORT"


def test_a_fault_of_our_own_stops_one_mail_and_does_not_quote_it():
    asker = Scripted(analysis=lambda key: KeyError(MAIL["text"]) if key.startswith("0") else ANALYSIS)

    failed, fine = read(asker, {}, {})

    assert failed["error_type"] == "INTERNAL_ERROR"
    assert "KeyError" in failed["error"]
    assert "list" not in failed["error"]
    assert fine["category"] == "SUPPORT"


def test_a_ledger_that_is_away_is_not_the_mails_fault():
    with pytest.raises(OperationalError):
        read(Scripted(triage=OperationalError("select", {}, Exception("locked"))))


def test_what_cannot_be_read_is_asked_of_nobody():
    asker = Scripted()

    (row,) = read(asker, {"unreadable": "It is encrypted."})

    assert not asker.asked
    assert row["error_type"] == "VALIDATION_ERROR"
    assert "encrypted" in row["error"]


def test_a_long_mail_is_read_in_parts_and_its_items_are_quoted_from_them():
    sentences = [f"Sentence number {n} speaks of the matter at some length." for n in range(200)]
    long = {"text": " ".join([*sentences, "Please send the list by Friday."]), "tokens": 2_600}
    part = {"summary": "Notes.", "action_items": ANALYSIS["action_items"]}
    asker = Scripted(part=part)

    (row,) = read(asker, long, part_tokens=1_000)

    names = [question.name for _, question in asker.asked]
    assert names[0] == "triage"
    assert names[-1] == "analysis"
    assert names.count("part") >= 3
    joined = "".join(question.text for _, question in asker.asked if question.name == "part")
    assert all(sentence in joined for sentence in sentences)
    assert "[Part 1 of" in asker.asked[-1][1].text
    assert row["doubts"] == []
    assert "read in" in row["model_reason"]


def test_without_parts_a_long_mail_is_one_question():
    asker = Scripted()

    read(asker, {"text": "word " * 5_000, "tokens": 6_000})

    assert [question.name for _, question in asker.asked] == ["triage", "analysis"]


def test_an_empty_chunk_keeps_its_columns():
    assert asyncio.run(understand(Messages.of([]), Scripted(), OneModel(), lambda mail: set())).empty


EARLIER = [{"key": "e" * 64, "sender": "desk@us.example", "date": "2026-11-20", "text": "We asked for 4,711 EUR."}]


def test_earlier_mails_stand_beside_the_mail_in_the_second_question_alone():
    asker = Scripted()

    read(asker, {"earlier": EARLIER}, {})

    shown = [("4,711" in question.text, "[earlier KEY]" in question.instructions) for _, question in asker.asked]
    names = [(key[0], question.name) for key, question in asker.asked]
    assert sorted(zip(names, shown, strict=True)) == [
        (("0", "analysis"), (True, True)),
        (("0", "triage"), (False, False)),
        (("1", "analysis"), (False, False)),
        (("1", "triage"), (False, False)),
    ]
    assert {question.about for _, question in asker.asked} == {(), ("e" * 64,)}


def test_a_reply_may_rest_on_what_is_shown_beside_the_mail_and_a_summary_may_not():
    replies = ["The 4,711 EUR are due.", "It comes.", "Not before Monday."]
    summary = "Ann wants the list for 4,711 EUR. It is due on Friday."

    (row, bare) = read(Scripted(analysis=ANALYSIS | {"replies": replies}), {"earlier": EARLIER}, {})
    assert "reply_numbers" not in row["doubts"]
    assert "reply_numbers" in bare["doubts"]
    (row,) = read(Scripted(analysis=ANALYSIS | {"summary": summary}), {"earlier": EARLIER})
    assert "summary_numbers" in row["doubts"]


def test_the_log_of_a_chunk_counts_what_was_not_read_apart(caplog: pytest.LogCaptureFixture) -> None:
    keys = ["a" * 64, "b" * 64, "c" * 64]
    messages = Messages.of([message_row(message_key=key) for key in keys])
    stopped = {"error_type": "STOPPED", "error_message": "The run was stopped.", "category": None}
    readings = Readings.of(
        [reading_row(message_key=keys[0]), *(reading_row(message_key=key, **stopped) for key in keys[1:])]
    )
    with caplog.at_level(logging.INFO, "mailroom"):
        _tell(messages, readings, "mails 1-3")
    assert caplog.messages[0].startswith("mails 1-3: 1 read, 2 not.\n")
