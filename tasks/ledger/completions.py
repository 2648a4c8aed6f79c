"""Every provider call, recorded before it is sent and after: response cache, crash recovery and cost book in one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Row, Select, bindparam, exists, select, update

from tasks.ledger.batched_writer import BatchedWriter
from tasks.ledger.rows import in_batches, insert_into, write_rows
from tasks.ledger.schema import NANO_USD, completions, messages, outcomes
from tasks.questions import RawAnswer, StoredAnswer, Usage

_TOKENS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
_END = update(completions).where(completions.c.call == bindparam("b_call"))
_DONE = (
    select(completions)
    .where(completions.c.key.in_(bindparam("keys", expanding=True)), completions.c.state == "done")
    .where(completions.c.answer.is_not(None))
    .order_by(completions.c.ended_at)
)


def nano_usd(price: Decimal | None) -> int | None:
    """Whole nano-dollars, rounded half up; null stays null: unknown is not zero."""
    return None if price is None else int((price * NANO_USD).to_integral_value(rounding="ROUND_HALF_UP"))


class LedgerBook:
    """`tasks.questions.Book` over the ledger, for one run.

    An answer older than `ttl_s` is found only while its mail has no outcome yet that uses the answer.
    """

    def __init__(self, engine: Engine, *, run_id: str, ttl_s: float, clock: Callable[[], float] = time.time) -> None:
        self._run_id = run_id
        self._ttl_s = ttl_s
        self._clock = clock
        self._writer = writer_of(engine)
        # A random start makes numbers unique across processes; counting up lets the index grow at one end.
        self._numbers = count(secrets.randbits(62))

    async def find(self, key: str, *, this_run: bool = False) -> StoredAnswer | None:
        """The newest complete answer to this question that may be used again, or null; with `this_run`, of this run."""
        found = await self._writer.write("find", key)
        if found is None or (this_run and found.run_id != self._run_id):
            return None
        if self._clock() - found.ended_at >= self._ttl_s and await self._writer.write("used", found):
            return None
        return StoredAnswer(
            text=found.answer,
            usage=Usage(**{name: getattr(found, name) for name in _TOKENS}),
            price_usd=None if found.price_nusd is None else Decimal(found.price_nusd) / NANO_USD,
            model=found.answered_by,
            request_id=found.request_id,
            simulated=found.simulated,
            age_s=self._clock() - found.ended_at,
        )

    async def begin(
        self, key: str, *, message_key: str, question: str, provider: str, model: str, key_index: int
    ) -> int:
        """Record that a call is about to be sent; return its number once that is on disk."""
        call = next(self._numbers)
        row = {
            "call": call, "key": key, "state": "begun", "run_id": self._run_id, "message_key": message_key,
            "question": question, "provider": provider, "model": model, "key_index": key_index, "simulated": False,
            "begun_at": self._clock(), **dict.fromkeys(_TOKENS, 0),
        }  # fmt: skip
        await self._writer.write("begin", row)
        return call

    async def finish(self, call: int, answer: RawAnswer, price_usd: Decimal | None) -> None:
        """Record the answer and its bill."""
        await self._end(
            call, "done", answer.usage or Usage(), price_usd, answer=answer.text, answered_by=answer.model,
            request_id=answer.request_id, simulated=answer.simulated,
        )  # fmt: skip

    async def fail(
        self,
        call: int,
        code: str,
        *,
        usage: Usage | None,
        price_usd: Decimal | None,
        answer: str | None,
        request_id: str | None,
    ) -> None:
        """Record a call that failed. A null price is unknown."""
        await self._end(
            call, "failed", usage or Usage(), price_usd, answer=answer, error_code=code, request_id=request_id
        )

    async def _end(self, call: int, state: str, usage: Usage, price: Decimal | None, **columns: Any) -> None:
        row = {"answered_by": None, "error_code": None, "simulated": False, **columns}
        row |= {name: getattr(usage, name) for name in _TOKENS}
        row |= {"b_call": call, "state": state, "price_nusd": nano_usd(price), "ended_at": self._clock()}
        await self._writer.write("end", row)


def _find(connection: Connection, keys: list[str]) -> list[Any]:
    found: dict[str, Any] = {}
    for some in in_batches(set(keys)):
        found |= {row.key: row for row in connection.execute(_DONE, {"keys": some}).all()}
    return [found.get(key) for key in keys]


def _used(connection: Connection, answers: list[Any]) -> list[bool]:
    """Whether the mail of each answer has an outcome that uses it; the mail of an interrupted run has none.

    An answer that belongs to no single mail of the ledger counts as used.
    """
    return [not connection.scalar(_unfinished(answer)) for answer in answers]


def _unfinished(answer: Row[Any]) -> Select[Any]:
    completed = exists().where(
        outcomes.c.message_key == answer.message_key, outcomes.c.status == "COMPLETED",
        outcomes.c.processed_at >= answer.ended_at,
    )  # fmt: skip
    return select(exists().where(messages.c.message_key == answer.message_key) & ~completed)


@cache
def _begin_statement(dialect: str) -> Insert:
    # A row that exists already was committed by a transaction whose connection broke before its result arrived.
    new: Insert = insert_into(completions, dialect).on_conflict_do_nothing()
    return new


def _begin(connection: Connection, rows: list[Any]) -> list[Any]:
    write_rows(connection, _begin_statement(connection.dialect.name), rows)
    return [None] * len(rows)


def _end(connection: Connection, rows: list[Any]) -> list[Any]:
    write_rows(connection, _END, rows)
    return [None] * len(rows)


@cache
def writer_of(engine: Engine) -> BatchedWriter:
    """The process's one writer for this ledger."""
    return BatchedWriter(engine, {"begin": _begin, "end": _end, "find": _find, "used": _used})
