"""Token usage of past calls by question. Estimates of future calls are based on it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import completions, groups

DAYS = 30
_LATEST = 3_000
_ENOUGH = 30  # calls; a mean of fewer is not reliable


@dataclass(frozen=True, kw_only=True)
class PastUsage:
    """Means over a question's calls to one provider: tokens billed, requests per mail, share of cached input."""

    calls: int
    mails: int
    output_tokens: float
    """Per billed call, including thinking tokens."""
    calls_a_mail: float
    """Billed calls: a repaired answer counts twice, and a rate-limited request does not count."""
    cached_share: float
    """The share of all input tokens, 0 to 1."""


def past_outputs(engine: Engine) -> dict[tuple[str, str, str], list[int]]:
    """Output tokens of the latest billed calls, oldest first, by provider, model and question."""
    table = completions.c
    wanted = (
        select(table.provider, table.model, table.question, table.output_tokens)
        .where(table.ended_at >= time.time() - DAYS * 86_400, table.output_tokens > 0)
        .order_by(table.ended_at.desc())
        .limit(_LATEST)
    )
    found: dict[tuple[str, str, str], list[int]] = {}
    with reading(engine) as connection:
        for provider, model, question, tokens in reversed(connection.execute(wanted).all()):
            found.setdefault((provider, model, question), []).append(int(tokens))
    return found


def past_usage(engine: Engine, provider: str) -> dict[str, PastUsage]:
    """Usage by question for this provider over the last 30 days. A question with too few calls is left out."""
    table, since = completions.c, time.time() - DAYS * 86_400
    billed = case((table.input_tokens + table.output_tokens > 0, 1), else_=0)
    wanted = (
        select(
            table.question,
            func.sum(billed).label("calls"),
            func.count(table.message_key.distinct()).label("mails"),
            func.sum(table.input_tokens).label("input"),
            func.sum(table.output_tokens).label("output"),
            func.sum(table.cache_read_tokens).label("cached"),
        )
        .where(table.provider == provider, table.ended_at >= since)
        .group_by(table.question)
    )
    together = (
        select(table.question, func.count(groups.c.message_key.distinct()))
        .join(groups, groups.c.group_key == table.message_key)
        .where(table.provider == provider, table.ended_at >= since)
        .group_by(table.question)
    )
    with reading(engine) as connection:
        rows = connection.execute(wanted).all()
        in_groups = {question: count for question, count in connection.execute(together)}  # rows, not pairs
    return {
        row.question: PastUsage(
            calls=int(row.calls),
            mails=(mails := in_groups.get(row.question, int(row.mails))),
            output_tokens=float(row.output) / int(row.calls),
            calls_a_mail=int(row.calls) / mails,
            cached_share=float(row.cached) / max(1, int(row.input)),
        )
        for row in rows
        if int(row.calls) >= _ENOUGH
    }
