"""Each mail of a remote batch is settled within a few rounds, whatever happens to the batch.

No other batch is harmed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update

from tasks.errors import CallError, TimedOut
from tasks.ledger.cost_book import cost_book, total
from tasks.ledger.owners import owner_name
from tasks.ledger.schema import batch_items, batches, budgets, messages
from tasks.providers.event_loop import on_model_loop
from tasks.understand.batch_results import OVERDUE_S
from tasks.understand.batches import BatchRound
from tests.services.tampering_proxy import Change, FarReply, tampering_proxy
from tests.tasks.understand.test_batches import life

PROVIDERS = ("openai", "anthropic")
PAGE = "<!doctype html><html><body>Please log in.</body></html>"
ROUNDS = 4


def is_batch(reply: FarReply) -> bool:
    """Whether it is a batch as it stands, asked for by its id."""
    return reply.method == "GET" and "/batches/" in reply.path and not is_results(reply)


def is_results(reply: FarReply) -> bool:
    return reply.path.endswith(("/content", "/results"))


def on_batch(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Change:
    return lambda reply: reply.but(json.dumps(change(json.loads(reply.content)))) if is_batch(reply) else reply


def on_lines(change: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda reply: reply.but(b"\n".join(change(reply.content.splitlines()))) if is_results(reply) else reply


def without_files(batch: dict[str, Any]) -> dict[str, Any]:
    gone = {"output_file_id": None, "error_file_id": None, "results_url": None}
    return batch | {name: value for name, value in gone.items() if name in batch} | {"status": "cancelled"}


def named(line: bytes, custom_id: str) -> bytes:
    return json.dumps(json.loads(line) | {"custom_id": custom_id}).encode()


NOT_FOUND = '{"error": {"message": "No such thing.", "type": "not_found_error", "code": null}, "type": "error"}'
LOST: dict[str, Change] = {
    "cancelled without files": on_batch(without_files),
    "output gone": lambda reply: reply.but(NOT_FOUND, 404) if is_results(reply) else reply,
    "batch gone": lambda reply: reply.but(NOT_FOUND, 404) if is_batch(reply) else reply,
    "a page in place of lines": lambda reply: reply.but(PAGE, 200, "text/html") if is_results(reply) else reply,
    "foreign ids alone": on_lines(lambda lines: [named(line, f"foreign-{n}") for n, line in enumerate(lines)]),
}


@contextmanager
def before(provider_env: Any, change: Change, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tampering_proxy(provider_env.url, change) as url, monkeypatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", f"{url}/v1")
        patch.setenv("ANTHROPIC_BASE_URL", url)
        yield


def rounds(engine: Engine, provider: str, count: int = ROUNDS) -> list[str]:
    """Send and collect so often; what troubles there were."""
    api = on_model_loop(life._make(provider))
    troubles: list[str] = []
    try:
        for _ in range(count):
            round_ = BatchRound(
                engine=engine, api_of=lambda _name: api, caps_of=lambda _run: {"run": life.CAP},
                owner=owner_name("run"), run_id="run",
            )  # fmt: skip
            round_.send()
            troubles += round_.collect().troubles
    finally:
        on_model_loop(api.close())
    return troubles


def unsettled(engine: Engine) -> int:
    waiting = batch_items.c.state.in_(("waiting", "sent"))
    with engine.begin() as connection:
        return connection.scalar(select(func.count()).select_from(batch_items).where(waiting)) or 0


def reserved(engine: Engine) -> int:
    with engine.begin() as connection:
        return int(connection.scalar(select(func.sum(budgets.c.reserved_nusd))) or 0)


def answered(engine: Engine, url: str, provider: str) -> int:
    return sum(one is not None for one in life.answers(engine, life.run_of(url, provider)))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", LOST)
def test_a_batch_that_brings_nothing_is_asked_again_and_given_up_with_the_reason(
    ledger_url, provider_env, monkeypatch, provider, how
):
    engine = life.prepare(ledger_url, provider)
    with before(provider_env, LOST[how], monkeypatch):
        troubles = rounds(engine, provider)
    assert provider_env.stats()["batches"] == 3
    assert unsettled(engine) == reserved(engine) == 0
    assert not any("Model `batch`" in trouble for trouble in troubles)
    with pytest.raises(TimedOut, match="no answer in a batch"):
        life.answers(engine, life.run_of(ledger_url, provider))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("how", ["output gone", "foreign ids alone"])
def test_a_batch_that_is_lost_once_costs_a_round(ledger_url, provider_env, monkeypatch, provider, how):
    engine = life.prepare(ledger_url, provider)
    with before(provider_env, LOST[how], monkeypatch):
        rounds(engine, provider, 1)
    assert rounds(engine, provider, 2) == []
    assert answered(engine, ledger_url, provider) == life.MAILS
    assert provider_env.stats()["batches"] == 2
    assert reserved(engine) == 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_lines_that_can_be_read_are_settled_and_the_others_asked_again(
    ledger_url, provider_env, monkeypatch, provider
):
    engine = life.prepare(ledger_url, provider)
    cut = on_lines(lambda lines: [*lines[:2], lines[2][:40], PAGE.encode(), *lines[4:]])
    with before(provider_env, cut, monkeypatch):
        rounds(engine, provider, 1)
    assert answered(engine, ledger_url, provider) == life.MAILS - 2
    rounds(engine, provider, 2)
    assert answered(engine, ledger_url, provider) == life.MAILS
    assert total(cost_book(engine, "model")).calls == life.MAILS + 2


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("order", [1, -1])
def test_of_an_answer_and_an_error_for_one_question_the_answer_counts(
    ledger_url, provider_env, monkeypatch, provider, order
):
    def doubled(lines: list[bytes]) -> list[bytes]:
        failures = []
        for line in lines:
            read = json.loads(line)
            wrong: dict[str, Any] = {"error": {"code": "batch_expired", "message": ""}, "response": None}
            failures.append(json.dumps(read | {"result": {"type": "expired"}} | wrong).encode())
        return (lines + failures + [named(lines[0], "foreign")])[::order]

    engine = life.prepare(ledger_url, provider)
    with before(provider_env, on_lines(doubled), monkeypatch):
        assert rounds(engine, provider, 1) == []
    assert answered(engine, ledger_url, provider) == life.MAILS
    assert total(cost_book(engine, "model")).calls == life.MAILS


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_batch_of_which_half_expired_is_finished_by_another(ledger_url, provider_env, monkeypatch, provider):
    def half(lines: list[bytes]) -> list[bytes]:
        gone = {"result": {"type": "expired"}, "response": None, "error": {"code": "batch_expired", "message": ""}}
        return [json.dumps(json.loads(line) | gone).encode() if n % 2 else line for n, line in enumerate(lines)]

    engine = life.prepare(ledger_url, provider)
    with before(provider_env, on_lines(half), monkeypatch):
        assert rounds(engine, provider, 1) == []
    rounds(engine, provider, 2)
    assert answered(engine, ledger_url, provider) == life.MAILS


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_batchs_trouble_blocks_no_other(ledger_url, provider_env, monkeypatch, provider):
    api = on_model_loop(life._make(provider))
    monkeypatch.setattr(type(api), "most_items", 3)
    on_model_loop(api.close())
    first: list[str] = []

    def spoiled(reply: FarReply) -> FarReply:
        if not is_batch(reply):
            return reply
        first[:] = first or [reply.path]
        return reply.but("[]") if reply.path == first[0] else reply

    engine = life.prepare(ledger_url, provider)
    with before(provider_env, spoiled, monkeypatch):
        troubles = rounds(engine, provider, 1)
    assert len(troubles) == 1
    with engine.begin() as connection:
        states = sorted(connection.scalars(select(batches.c.state)))
    assert states == ["closed", "submitted"]
    rounds(engine, provider, 1)
    assert answered(engine, ledger_url, provider) == life.MAILS


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_cannot_be_asked_about_a_batch_is_not_waited_for_for_ever(
    ledger_url, provider_env, monkeypatch, provider
):
    engine = life.prepare(ledger_url, provider)
    with before(provider_env, lambda reply: reply.but("{}", 401) if is_batch(reply) else reply, monkeypatch):
        rounds(engine, provider, 2)
        assert unsettled(engine) == life.MAILS
        with engine.begin() as connection:
            connection.execute(update(batches).values(created_at=batches.c.created_at - OVERDUE_S))
        rounds(engine, provider, 1)
    assert unsettled(engine) == reserved(engine) == 0
    with pytest.raises(CallError, match="rejected the API key"):
        life.answers(engine, life.run_of(ledger_url, provider))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_where_nobody_takes_batches_no_mail_is_to_blame(ledger_url, provider_env, monkeypatch, provider):
    engine = life.prepare(ledger_url, provider)
    with before(provider_env, lambda reply: reply.but(PAGE, 404, "text/html"), monkeypatch):
        (trouble,) = rounds(engine, provider, 2)
    assert "takes no batches at its address" in trouble
    assert reserved(engine) == 0
    with engine.begin() as connection:
        assert set(connection.scalars(select(messages.c.state))) == {"PENDING"}
