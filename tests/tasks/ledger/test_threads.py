"""Mails join the conversation that they belong to, in whatever order they are met."""

from __future__ import annotations

import os
import random
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from tasks.ledger import threads
from tasks.ledger.engine import open_ledger
from tasks.ledger.pruning_threads import prune_threads
from tasks.ledger.schema import joined_threads, thread_marks
from tasks.ledger.thread_facts import ThreadFacts, thread_facts
from tasks.ledger.threads import SUBJECT_S, ThreadedMail, record_threads
from tasks.parsing.conversation import Conversation
from tests.benchmarks.made_threads import made_threads, thread_errors
from tests.benchmarks.threads import public_figures
from tests.tasks.ledger.test_report_work import steps

DAY_S = 86_400.0


@pytest.fixture
def ledger(any_ledger_url: str) -> Engine:
    return open_ledger(any_ledger_url)


def mail(name, *refers_to, day=1.0, from_us=False, subject="", people=("ann@a.example",), is_answer=False, also=()):
    marks = Conversation(own_id=name, refers_to=refers_to, subject=subject, people=people, is_answer=is_answer)
    return ThreadedMail(mail=name, marks=marks, written_at=day * DAY_S, from_us=from_us, also=also)


def conversations(ledger, names):
    """The mails of each conversation."""
    with ledger.connect() as connection:
        rows = connection.execute(threads.select(threads.thread_mails)).all()
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.mail in names:
            found.setdefault(row.thread, set()).add(row.mail)
    return sorted(map(sorted, found.values()))


@pytest.mark.parametrize("order", permutations("abcd"), ids="".join)
def test_ids_join_mails_in_whatever_order_they_are_met(ledger_url, order):
    ledger = open_ledger(ledger_url)
    met = {"a": mail("a"), "b": mail("b", "a"), "c": mail("c", "b"), "d": mail("d", "unseen", "c")}
    for name in order:
        record_threads(ledger, [met[name]])

    assert conversations(ledger, met) == [["a", "b", "c", "d"]]


def test_a_mail_that_names_two_conversations_makes_them_one(ledger):
    record_threads(ledger, [mail("a"), mail("x")])
    record_threads(ledger, [mail("b", "a"), mail("y", "x")])
    record_threads(ledger, [mail("c", "b", "y")])
    record_threads(ledger, [mail("d", "x"), mail("other")])

    assert conversations(ledger, "abcdxy") == [["a", "b", "c", "d", "x", "y"]]


def test_two_mails_that_answer_the_same_unseen_one_belong_together(ledger):
    record_threads(ledger, [mail("a", "unseen")])
    record_threads(ledger, [mail("b", "unseen")])

    assert conversations(ledger, "ab") == [["a", "b"]]


def test_a_number_of_the_server_joins_mails_without_ids(ledger):
    record_threads(ledger, [mail("a", also=("server 17",)), mail("b", also=("server 18",))])
    record_threads(ledger, [mail("c", also=("server 17",))])

    assert conversations(ledger, "abc") == [["a", "c"], ["b"]]


SUBJECT = {
    "an answer": ({"day": 3, "is_answer": True}, True),
    "an answer by another of its people": ({"day": 3, "is_answer": True, "people": ("bob@b.example",)}, True),
    "an answer whose ids nobody knows": ({"day": 3, "is_answer": True}, True),
    "an answer of strangers": ({"day": 3, "is_answer": True, "people": ("eve@e.example",)}, False),
    "an answer after two months": ({"day": 62, "is_answer": True}, False),
    "an answer from before": ({"day": 0.5, "is_answer": True}, False),
    "another mail of the same subject": ({"day": 3}, False),
    "another subject": ({"day": 3, "is_answer": True, "subject": "other"}, False),
}


@pytest.mark.parametrize("name", SUBJECT)
@pytest.mark.parametrize("swapped", [False, True], ids=["in order", "answer met first"])
def test_without_ids_subject_and_people_join_within_thirty_days(ledger_url, name, swapped):
    columns, together = SUBJECT[name]
    ids = ("lost",) if "ids" in name else ()
    first = mail("a", subject="login fails", people=("ann@a.example", "bob@b.example"))
    second = mail("b", *ids, **{"subject": "login fails", **columns})
    ledger = open_ledger(ledger_url)
    for one in (second, first) if swapped else (first, second):
        record_threads(ledger, [one])

    assert conversations(ledger, "ab") == ([["a", "b"]] if together else [["a"], ["b"]])
    assert SUBJECT_S == 30 * DAY_S


def test_an_answer_without_ids_joins_the_newest_conversation_of_its_subject(ledger):
    for number, day in enumerate((1, 5, 9)):
        record_threads(ledger, [mail(f"{number}", day=day, subject="report")])
    record_threads(ledger, [mail("b", day=10, subject="report", is_answer=True)])

    assert ["2", "b"] in conversations(ledger, ["0", "1", "2", "b"])


def test_facts_say_how_many_mails_there_are_and_who_wrote_last(ledger):
    record_threads(ledger, [mail("a", day=1), mail("b", "a", day=2, from_us=True), mail("c", "b", day=3), mail("z")])

    assert thread_facts(ledger, ["a", "b", "c", "z", "unknown"]) == {
        "a": ThreadFacts(size=3, answered=True, last_from_us=False),
        "b": ThreadFacts(size=3, answered=False, last_from_us=False),
        "c": ThreadFacts(size=3, answered=False, last_from_us=False),
        "z": ThreadFacts(size=1, answered=False, last_from_us=False),
    }
    record_threads(ledger, [mail("d", "c", day=4, from_us=True)])
    assert thread_facts(ledger, ["c"])["c"] == ThreadFacts(size=4, answered=True, last_from_us=True)


def test_a_mail_from_the_future_is_as_old_as_its_arrival(ledger):
    record_threads(ledger, [mail("a", day=9e9)])
    record_threads(ledger, [ThreadedMail(mail="b", marks=Conversation(own_id="b", refers_to=("a",)), from_us=True)])

    assert thread_facts(ledger, ["a"])["a"].answered


def test_conversations_with_new_mails_of_ours_are_told_once(ledger):
    assert record_threads(ledger, [mail("a")]) == set()
    ours = [mail("b", "a", from_us=True)]
    assert len(record_threads(ledger, ours)) == 1
    assert record_threads(ledger, ours) == set()


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_mails_are_where_their_in_reply_to_says(ledger_url, seed):
    mails = made_threads(1_000, seed)
    ledger = open_ledger(ledger_url)
    shuffled = random.Random(seed).sample(mails, len(mails))
    for start in range(0, len(mails), 170):
        record_threads(ledger, [one.threaded for one in shuffled[start : start + 170]])

    assert thread_errors(ledger, mails) == 0


def test_a_mail_costs_the_same_however_many_there_are(tmp_path):
    work = []
    for count in (300, 3_000):
        ledger = open_ledger(f"sqlite:///{tmp_path}/{count}.db")
        record_threads(ledger, [one.threaded for one in made_threads(count, seed=1)])
        some = [one.threaded for one in made_threads(20, seed=2)]
        work.append(steps(ledger, lambda ledger=ledger, some=some: record_threads(ledger, some) or True))

    assert work[1] <= 1.5 * work[0] + 10


def test_a_conversation_is_forgotten_when_nobody_wrote_in_it_for_long_with_all_that_names_it(ledger):
    record_threads(ledger, [mail("a", day=1), mail("b", "a", day=2), mail("x", day=1, subject="old")])
    record_threads(ledger, [mail("y", day=100), mail("z", day=101)])
    record_threads(ledger, [mail("join", "y", "z", day=102), mail("c", "b", day=103)])
    record_threads(ledger, [mail("p", day=3), mail("q", day=3)])
    record_threads(ledger, [mail("pq", "p", "q", day=4)])

    assert prune_threads(ledger, older_s=50 * DAY_S, clock=lambda: 120 * DAY_S) == 2
    assert prune_threads(ledger, older_s=50 * DAY_S, clock=lambda: 120 * DAY_S) == 0

    everyone = ["a", "b", "c", "x", "y", "z", "join", "p", "q", "pq"]
    assert conversations(ledger, everyone) == [["a", "b", "c"], ["join", "y", "z"]]
    with ledger.connect() as connection:
        marks = connection.scalar(select(func.count()).select_from(thread_marks))
        joined = connection.scalar(select(func.count()).select_from(joined_threads))
    assert (marks, joined) == (6, 1)
    record_threads(ledger, [mail("d", "z", "p", day=104), mail("e", "x", day=104)])
    assert conversations(ledger, ["join", "d", "e"]) == [["d", "join"], ["e"]]


def test_public_mails_are_where_their_in_reply_to_says(ledger):
    if not (corpus := os.environ.get("MAILROOM_CORPUS")):
        pytest.skip("MAILROOM_CORPUS names no folder of public mails")

    figures = public_figures(ledger, Path(corpus))
    assert figures["public_mails"] > 400
    assert figures["public_errors"] == 0
