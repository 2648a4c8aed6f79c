"""The provider calls that were made for one mail, for the person who looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, Row, and_, or_, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import NANO_USD, completions, groups, outcomes


@dataclass(frozen=True, kw_only=True)
class MailCall:
    """One call. `shared_by` mails bear its tokens and its price in equal shares; `usd` is null where it is unknown."""

    question: str
    provider: str
    model: str
    state: str
    error_code: str | None
    shared_by: int
    input_tokens: int
    output_tokens: int
    usd: Decimal | None
    simulated: bool
    begun_at: float
    """UTC seconds since 1970."""


def calls_of(engine: Engine, message_key: str) -> list[MailCall]:
    """The calls of all runs that left an outcome of this mail, oldest first; the book forgets old ones."""
    runs = select(outcomes.c.run_id).where(outcomes.c.message_key == message_key)
    asked = select(groups.c.group_key).where(groups.c.message_key == message_key)
    wanted = (
        select(completions, groups.c.size)
        .outerjoin(
            groups,
            and_(groups.c.group_key == completions.c.message_key, groups.c.message_key == message_key),
        )
        .where(completions.c.run_id.in_(runs))
        .where(or_(completions.c.message_key == message_key, completions.c.message_key.in_(asked)))
        .order_by(completions.c.begun_at)
    )
    with reading(engine) as connection:
        return [_call(row) for row in connection.execute(wanted)]


def _call(row: Row[Any]) -> MailCall:
    return MailCall(
        question=row.question, provider=row.provider, model=row.answered_by or row.model, state=row.state,
        error_code=row.error_code, shared_by=row.size or 1, input_tokens=row.input_tokens,
        output_tokens=row.output_tokens, simulated=row.simulated, begun_at=row.begun_at,
        usd=None if row.price_nusd is None else Decimal(row.price_nusd) / NANO_USD,
    )  # fmt: skip
