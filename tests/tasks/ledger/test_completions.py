"""Calls are in the book before they are paid for; only a whole answer that is young enough is found again."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import insert, select

from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.pruning import Pruned, prune_completions
from tasks.ledger.schema import completions, messages, outcomes
from tasks.questions import RawAnswer, Usage

HOUR = 3_600.0
ANSWER = RawAnswer(
    text='{"category": "URGENT"}',
    usage=Usage(input_tokens=7, output_tokens=3),
    model="m-1",
    request_id="r",
    simulated=True,
)


class Shelf:
    """A book whose clock is set by hand."""

    def __init__(self, url: str) -> None:
        self.now = 1_000.0
        self.engine = open_ledger(url)
        self.book = LedgerBook(self.engine, run_id="run", ttl_s=HOUR, clock=lambda: self.now)

    async def begin(self, key: str) -> int:
        return await self.book.begin(
            key, message_key="mail", question="triage", provider="openai", model="m", key_index=0
        )

    async def answered(self, key: str, answer: RawAnswer = ANSWER) -> None:
        await self.book.finish(await self.begin(key), answer, Decimal("0.000000123"))

    def rows(self):
        with self.engine.begin() as connection:
            return connection.execute(select(completions).order_by(completions.c.begun_at, completions.c.key)).all()


def test_an_answer_comes_back_as_it_was_given(any_ledger_url):
    shelf = Shelf(any_ledger_url)

    async def story():
        await shelf.answered("k")
        shelf.now += 60
        return await shelf.book.find("k"), await shelf.book.find("another")

    found, nothing = asyncio.run(story())
    assert nothing is None
    assert (found.text, found.usage, found.price_usd) == (ANSWER.text, ANSWER.usage, Decimal("0.000000123"))
    assert (found.model, found.request_id, found.simulated, found.age_s) == ("m-1", "r", True, 60)


def test_begun_failed_and_old_calls_are_no_answers(any_ledger_url):
    shelf = Shelf(any_ledger_url)

    async def story():
        await shelf.answered("old")
        shelf.now += HOUR
        await shelf.begin("begun")
        await shelf.book.fail(
            await shelf.begin("failed"),
            "VALIDATION_ERROR",
            usage=ANSWER.usage,
            price_usd=None,
            answer="{",
            request_id="r",
        )
        return [await shelf.book.find(key) for key in ("old", "begun", "failed")]

    assert asyncio.run(story()) == [None, None, None]
    begun, failed = (row for row in shelf.rows() if row.key != "old")
    assert (begun.state, begun.ended_at) == ("begun", None)
    assert (failed.answer, failed.price_nusd, failed.input_tokens) == ("{", None, 7)


def test_of_several_answers_the_newest_is_found(any_ledger_url):
    shelf = Shelf(any_ledger_url)

    async def story():
        for text in ("one", "two", "three"):
            shelf.now += 1
            await shelf.answered("k", RawAnswer(text=text, usage=Usage(), model="m", request_id=None))
        return (await shelf.book.find("k")).text

    assert asyncio.run(story()) == "three"


def test_pruning_forgets_texts_first_and_keeps_what_calls_cost(any_ledger_url):
    shelf = Shelf(any_ledger_url)

    async def story():
        await asyncio.gather(*(shelf.answered(f"old {number}") for number in range(1_001)))
        shelf.now += HOUR
        await shelf.answered("new")

    asyncio.run(story())

    def prune(calls_s: float) -> Pruned:
        return prune_completions(
            shelf.engine, answers_s=HOUR - 1, failed_s=HOUR, calls_s=calls_s, clock=lambda: shelf.now
        )

    assert prune(2 * HOUR) == Pruned(answers=1_001, calls=0)
    assert prune(2 * HOUR) == Pruned(answers=0, calls=0)
    assert sum(row.input_tokens for row in shelf.rows()) == 7 * 1_002
    assert asyncio.run(shelf.book.find("new")) is not None
    assert asyncio.run(shelf.book.find("old 7")) is None
    assert prune(HOUR - 1) == Pruned(answers=0, calls=1_001)
    assert [row.key for row in shelf.rows()] == ["new"]


def test_a_database_that_fails_tells_everyone_who_waits(ledger_url):
    shelf = Shelf(ledger_url)
    with shelf.engine.begin() as connection:
        completions.drop(connection)

    async def story():
        return await asyncio.gather(*(shelf.begin(str(n)) for n in range(20)), return_exceptions=True)

    assert all("no such table" in str(error) for error in asyncio.run(story()))


def test_calls_at_the_same_time_are_written_together_and_told_apart(any_ledger_url):
    many, shelf = 1_200, Shelf(any_ledger_url)

    async def story():
        await asyncio.gather(*(shelf.answered(f"k{n}") for n in range(many)))
        return await asyncio.gather(*(shelf.book.find(f"k{n}") for n in range(many)))

    assert all(asyncio.run(story()))
    assert {row.key for row in shelf.rows()} == {f"k{n}" for n in range(many)}


def known(shelf: Shelf) -> None:
    """The mail that the calls are about is on record."""
    with shelf.engine.begin() as connection:
        connection.execute(insert(messages).values(message_key="mail", state="PROCESSING", first_seen=0, updated=0))


def settled(shelf: Shelf, status: str) -> None:
    row = {
        "run_id": "run", "message_key": "mail", "status": status, "seconds": 0.0, "provider": "",
        "processed_at": shelf.now, "row": {},
    }  # fmt: skip
    with shelf.engine.begin() as connection:
        connection.execute(insert(outcomes).values(row))


@pytest.mark.parametrize(
    ("status", "found"), [("COMPLETED", False), ("PENDING", True), ("PROCESSING", True), ("FAILED", True)]
)
def test_an_answer_grows_old_only_for_a_mail_that_was_completed_with_it(any_ledger_url, status, found):
    shelf = Shelf(any_ledger_url)

    known(shelf)

    async def story():
        await shelf.answered("k")
        shelf.now += 60
        settled(shelf, status)
        shelf.now += 10 * HOUR
        return await shelf.book.find("k")

    assert (asyncio.run(story()) is not None) == found
