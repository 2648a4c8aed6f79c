"""Reserves money for whole mails: a mail is begun only if all its questions can be paid for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tasks.categories import Categories
from tasks.frames import ANALYSES
from tasks.ledger.budgets import open_scopes, scopes_at, unspent_usd
from tasks.ledger.engine import open_ledger
from tasks.questions import Link, Question
from tasks.runs import Run
from tasks.understand.connect import gateway_for, models_for
from tasks.understand.estimate import doubtful
from tasks.understand.protocols import Models, SetAside
from tasks.understand.understand import analysis_question, label, triage_question

log = logging.getLogger("mailroom.understand")


def set_aside_for(run: Run) -> SetAside | None:
    """The function that reserves money in this run; null where there is no budget, or where batches reserve it."""
    if not run.settings.has_budget or run.settings.mode == "economy":
        return None
    gateway, models = gateway_for(run), models_for(run.settings)
    return lambda mail: gateway.set_aside(mail["message_key"], expected_questions(mail, models, run.categories))


def say_what_is_short(mails: Sequence[Mapping[str, Any]], run: Run) -> None:
    """Log a warning if a budget is too small for any mail, or for the worst case of a call."""
    to_ask = [mail for mail in mails if not mail["unreadable"]]
    if set_aside_for(run) is None or not to_ask:
        return
    least, worst = _costs(to_ask, run)
    for name, left in _left(run).items():
        if left < least:
            log.warning(
                "The budget for %s has $%.6f left, but a mail may cost $%.6f: none is begun.", name, left, least
            )
        elif left < worst:
            log.warning(
                "The budget for %s has $%.6f left, and a call may cost $%.6f at worst: "
                "answers are limited to what it pays.",
                name, left, worst,
            )  # fmt: skip


def _costs(mails: Sequence[Mapping[str, Any]], run: Run) -> tuple[Decimal, Decimal]:
    """The price of the cheapest of these mails, and the highest possible price of a call, in US dollars."""
    gateway, models = gateway_for(run), models_for(run.settings)
    priced = [[gateway.prices(*asked) for asked in expected_questions(mail, models, run.categories)] for mail in mails]
    nothing = Decimal(0)
    least = min(sum((usual or nothing for _worst, usual in mail), nothing) for mail in priced)
    return least, max(worst or nothing for mail in priced for worst, _usual in mail)


def _left(run: Run) -> dict[str, Decimal]:
    engine = open_ledger(run.settings.ledger)
    scopes = scopes_at(run.root, run.settings.caps_usd, datetime.now(UTC))
    open_scopes(engine, scopes)
    return unspent_usd(engine, scopes)


def expected_questions(
    mail: Mapping[str, Any], models: Models, categories: Categories
) -> Iterator[tuple[Question[Any], Link]]:
    """The questions about a mail and their models, if the triage is not doubtful and every analysis is wanted."""
    yield triage_question(mail, categories), models.for_triage(mail)[0][0]
    analysis = analysis_question(mail, frozenset(ANALYSES), label(mail["target_language"]))
    yield analysis, models.for_analysis(mail, doubtful(mail))[0][0]
