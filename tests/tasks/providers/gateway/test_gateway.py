"""Answers from the ledger, one call for equal questions, repair, keys in turn, and money around each request."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import update

from tasks.errors import (
    BadAnswer,
    BudgetExceeded,
    CutAnswer,
    KeyRejected,
    Misconfigured,
    OutOfFunds,
    Overloaded,
    RateLimited,
)
from tasks.ledger.schema import completions
from tasks.providers.gateway.usual_output import UsualOutput
from tasks.questions import Link, Media, Reservation, Usage
from tests.tasks.providers.scripted import FIRST, GOOD, SECOND, Bench, Sorted, ask, bench, question

MODEL = Link(provider="openai", model="gpt-6.1-sol")


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEYS", "k1,k2,k3")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a1")


@pytest.fixture
def far(ledger_url):
    return bench(ledger_url, openai=[], anthropic=[])


def requests(far: Bench) -> int:
    return len(far.far["openai"].asked)


def test_an_answer_is_used_again_for_an_hour_and_costs_nothing_then(far):
    first = ask(far)
    far.time.now += 3_599
    second = ask(far, run_id="another run")
    far.time.now += 1
    third = ask(far)
    assert [first.cached, second.cached, third.cached] == [False, True, False]
    assert (second.price_usd, second.usage, second.attempts) == (0, Usage(), 0)
    assert first.price_usd == third.price_usd != 0
    assert second.value == first.value
    assert requests(far) == 2


def test_a_run_may_want_fresher_answers_or_none_at_all(far):
    ask(far)
    far.time.now += 10
    assert not ask(far, ttl_s=10).cached
    assert not ask(far, refresh=True, run_id="fresh").cached
    assert ask(far, refresh=True, run_id="fresh").cached  # a chunk tried again does not pay twice
    assert requests(far) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "another mail"},
        {"instructions": "Sort well."},
        {"version": "2"},
        {"max_tokens": 7},
        {"media": (Media(kind="image", media_type="image/png", data=b"1"),)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_determines_an_answer_tells_questions_apart(far, changes):
    async def story():
        gateway = far.gateway()
        await gateway.complete(question(), (FIRST,), message_key="m1")
        return await gateway.complete(question(**changes), (FIRST,), message_key="m1")

    assert not asyncio.run(story()).cached


def test_another_model_or_address_is_another_question(far, monkeypatch):
    ask(far)
    assert not ask(far, MODEL).cached
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert not ask(far).cached


@pytest.mark.parametrize("stored", ['{"category": "SUP', "", '{"kind": "SUPPORT"}'])
def test_a_stored_answer_that_cannot_be_read_is_a_miss(far, stored):
    ask(far)
    with far.engine.begin() as connection:
        connection.execute(update(completions).values(answer=stored))
    again = ask(far)
    assert not again.cached
    assert again.value == Sorted(category="SUPPORT")


def test_a_failed_answer_and_a_call_cut_by_a_crash_are_never_used(ledger_url):
    async def crash() -> str:
        raise asyncio.CancelledError

    far = bench(ledger_url, openai=["bad", "bad again", crash])
    with pytest.raises(BadAnswer):
        ask(far)
    with pytest.raises(asyncio.CancelledError):
        ask(far)
    assert not ask(far).cached
    assert [row.state for row in far.rows()] == ["failed", "failed", "begun", "done"]
    assert [row.answer for row in far.rows()] == ["bad", "bad again", None, GOOD]


def test_equal_questions_at_the_same_time_are_one_call(far):
    async def story():
        gateway = far.gateway()
        return await asyncio.gather(
            *(gateway.complete(question(), (FIRST,), message_key=f"m{n}") for n in range(20)),
            gateway.complete(question("another"), (FIRST,), message_key="m"),
        )

    answers = asyncio.run(story())
    assert requests(far) == 2
    assert sum(not answer.cached for answer in answers) == 2
    assert sum(answer.price_usd or 0 for answer in answers) == 2 * answers[-1].price_usd


def test_a_mail_that_was_begun_is_asked_about_before_those_that_were_not(far):
    async def story():
        gateway = far.gateway(concurrency=1)
        new = [gateway.complete(question(text), (FIRST,), message_key=text) for text in ("one", "two", "three")]
        begun = gateway.complete(question("one again", follows=True), (FIRST,), message_key="one")
        await asyncio.gather(*new, begun)

    asyncio.run(story())
    assert [text for _, _, text in far.far[FIRST.provider].asked] == ["one", "one again", "two", "three"]


def test_when_the_one_who_asks_is_cancelled_another_asks(ledger_url):
    started = asyncio.Event()

    async def slow() -> str:
        started.set()
        await asyncio.sleep(3600)
        return GOOD

    far = bench(ledger_url, openai=[slow])

    async def story():
        gateway = far.gateway()
        first = asyncio.create_task(gateway.complete(question(), (FIRST,), message_key="m1"))
        others = [asyncio.create_task(gateway.complete(question(), (FIRST,), message_key="m2")) for _ in range(3)]
        await started.wait()
        first.cancel()
        return await asyncio.gather(*others)

    assert [answer.value.category for answer in asyncio.run(story())] == ["SUPPORT"] * 3
    assert requests(far) == 2


def test_the_second_asking_shows_the_bad_answer_as_the_models_own_and_says_what_is_wrong(ledger_url):
    bad = '{"category": ["the vault is 4711"], "the vault is 4711": 1}'
    far = bench(ledger_url, openai=[bad])
    assert ask(far).attempts == 2
    first, second = far.far["openai"].questions
    assert (first.repair, second.text, second.media) == (None, first.text, first.media)
    assert second.repair.answer == bad
    assert "`category`: Input should be a valid string" in second.repair.said
    assert "4711" not in second.repair.said
    row = far.rows()[0]
    assert (row.error_code, row.answer) == ("VALIDATION_ERROR", bad)


def test_a_bad_answer_that_stays_bad_names_its_faults_and_nothing_of_the_mail(ledger_url):
    far = bench(ledger_url, openai=['{"category": 1, "4711": 2}'] * 2)
    with pytest.raises(BadAnswer) as caught:
        ask(far)
    assert "`category`" in str(caught.value)
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_keys_take_turns_by_the_hour(far):
    far.time.now = 0.0
    for hour in range(4):
        far.time.now = hour * 3_600.0
        ask(far, text=f"mail {hour}")
    assert [key for _, key, _ in far.far["openai"].asked] == ["k1", "k2", "k3", "k1"]
    assert [row.key_index for row in far.rows()] == [0, 1, 2, 0]


@pytest.mark.parametrize("kind", [KeyRejected, OutOfFunds])
def test_a_rejected_key_rests_and_the_next_is_used_at_once(ledger_url, kind):
    far = bench(ledger_url, openai=[kind("no")])
    far.time.now = 0.0

    async def story():
        gateway = far.gateway()
        for text in ("one", "two"):
            await gateway.complete(question(text), (FIRST,), message_key=text)
        far.time.now += 300
        await gateway.complete(question("three"), (FIRST,), message_key="three")

    asyncio.run(story())
    assert [key for _, key, _ in far.far["openai"].asked] == ["k1", "k2", "k2", "k1"]
    assert far.time.slept == []


def test_with_every_key_rejected_no_more_requests_are_sent_and_the_next_provider_answers(ledger_url):
    far = bench(ledger_url, openai=[KeyRejected("no") for _ in range(9)], anthropic=[])

    async def story():
        gateway = far.gateway()
        return [
            await gateway.complete(question(text), (FIRST, SECOND), message_key=text)
            for text in ("one", "two", "three")
        ]

    answers = asyncio.run(story())
    assert requests(far) == 3  # one a key
    assert [answer.attempts for answer in answers] == [4, 1, 1]
    assert answers[0].moved_on == "openai:gpt-6-luna gave no answer (AUTH)"


class Wallet:
    """A budget that notes what it is told, and refuses what may cost more than is left."""

    def __init__(self, left: str) -> None:
        self.left = Decimal(left)
        self.reserved: list[Decimal] = []
        self.paid: list[Decimal] = []

    async def reserve(self, worst_usd, *, least_usd=None, message_key=""):
        if worst_usd > self.left:
            raise BudgetExceeded("not that much left")
        self.reserved.append(worst_usd)
        return Reservation(number=len(self.reserved), most_usd=worst_usd)

    async def settle(self, reservation, actual_usd):
        self.paid.append(actual_usd)


def test_each_request_is_reserved_at_its_worst_and_settled_at_what_it_cost(ledger_url):
    far = bench(ledger_url, openai=[Overloaded("busy"), "bad"])
    wallet = Wallet("1")
    completion = ask(far, budget=wallet)
    assert wallet.paid == [0, completion.price_usd, completion.price_usd]
    assert all(worst > 10 * completion.price_usd for worst in wallet.reserved)


def test_a_request_that_may_pass_the_budget_is_not_sent(far):
    with pytest.raises(BudgetExceeded):
        ask(far, budget=Wallet("0.0000001"))
    assert (requests(far), far.rows()) == (0, [])


def test_while_a_model_is_to_wait_every_call_of_it_waits_and_other_models_go_on(ledger_url):
    far = bench(ledger_url, openai=[RateLimited("wait", retry_after_s=30.0)])

    async def from_another_process(text, link):
        await far.gateway().complete(question(text), (link,), message_key=text)

    asyncio.run(from_another_process("one", FIRST))
    began = far.far["openai"].asked[0][0]
    for text, link in (("two", FIRST), ("three", MODEL)):
        far.time.now = began + 1
        asyncio.run(from_another_process(text, link))
    assert [at - began for at, _, _ in far.far["openai"].asked] == [
        0, pytest.approx(30, abs=0.5), pytest.approx(30, abs=0.5), pytest.approx(1, abs=0.5),
    ]  # fmt: skip


def test_a_chain_without_a_model_says_so(far):
    with pytest.raises(Misconfigured, match="triage"):
        asyncio.run(far.gateway().complete(question(), (), message_key="m"))


class Meagre(Wallet):
    """A budget that grants the least that would do."""

    async def reserve(self, worst_usd, *, least_usd=None, message_key=""):
        return await super().reserve(least_usd)


def test_an_answer_is_limited_to_what_was_set_aside_and_one_that_is_cut_there_is_the_budgets(ledger_url):
    far = bench(ledger_url, openai=[GOOD, CutAnswer("cut", usage={"input_tokens": 1, "output_tokens": 1})])
    wallet = Meagre("1")
    ask(far, budget=wallet)
    with pytest.raises(BudgetExceeded, match="longer than"):
        ask(far, text="another", budget=wallet)
    assert [row.error_code for row in far.rows() if row.state == "failed"] == ["VALIDATION_ERROR"]


def test_what_is_usual_is_learnt_from_answers_and_never_more_than_the_most():
    outputs, kind = UsualOutput(), ("openai", "m", "q")
    assert outputs.high(kind, 400) == 400
    for tokens in [100] * 99 + [10_000]:
        outputs.add(kind, tokens)
    assert outputs.high(kind, 5_000) == 105
    assert outputs.high(kind, 50) == 50
