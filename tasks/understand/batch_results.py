"""Results of single questions in batches, and of a whole round over the batches."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal

from tasks.errors import CallError, MailroomError, TimedOut
from tasks.ledger.batches import Batch, Settled
from tasks.providers.apis.batch_api import PRICE_FACTOR, BatchApi, Result
from tasks.providers.catalogue.prices import price, unknown_price
from tasks.questions import Usage

OVERDUE_S = 48 * 3_600.0
"""Providers end a batch within 24 hours. We wait twice that for one, and for a provider that cannot be asked."""


@dataclass(kw_only=True)
class BatchTally:
    """The result of a round. `troubles` are about batches that could not be processed and will be tried again."""

    sent: int = 0
    open: int = 0
    collected: int = 0
    settled: int = 0
    unanswered: int = 0
    """Questions of collected batches that are asked again, or have failed after the last try."""
    unaffordable: int = 0
    """Mails that are PENDING again, because no budget leaves room for their questions."""
    troubles: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The round's result in one line."""
        said = f"{self.sent} batches sent, {self.open} open, {self.collected} collected with {self.settled} results"
        said += f", {self.unanswered} questions left unanswered" if self.unanswered else ""
        return f"{said}, {self.unaffordable} mails left for want of budget" if self.unaffordable else said


def name_of(batch: Batch) -> str:
    return f"Batch {batch.batch_id[:8]} of {batch.provider}"


def is_overdue(batch: Batch) -> bool:
    return time.time() - batch.created_at >= OVERDUE_S


def cause_of(error: Exception) -> str:
    # Messages of other errors may quote a mail, so only the error's type is shown.
    return error.told if isinstance(error, MailroomError) else f"It met an error of the kind {type(error).__name__}."


async def all_results(api: BatchApi, remote_id: str, model: str) -> list[Result]:
    return [result async for result in api.results(remote_id, model)]


def settled_by(result: Result, batch: Batch) -> Settled:
    if result.answer is not None:
        answer = result.answer
        cost = _price(batch, answer.model, answer.usage)
        return Settled(key=result.key, answer=answer, price_usd=None if cost is None else cost * PRICE_FACTOR)
    if result.error is None:
        return Settled(key=result.key, error_code=TimedOut.code, unanswered=True)
    return _failed(result.key, result.error, batch)


def _failed(key: str, error: CallError, batch: Batch) -> Settled:
    usage = Usage(**error.usage) if error.usage else Usage()
    billed = error.usage or error.price_unknown
    cost = _price(batch, batch.model, usage if error.usage else None) if billed else Decimal(0)
    half = None if cost is None else cost * PRICE_FACTOR
    return Settled(key=key, error_code=error.code, usage=usage, price_usd=half, kept=error.answer)


def _price(batch: Batch, model: str, usage: Usage | None) -> Decimal | None:
    """The price without a batch's discount; null where it or the usage is unknown."""
    return price(batch.provider, model, usage) if usage else unknown_price(batch.provider, model)
