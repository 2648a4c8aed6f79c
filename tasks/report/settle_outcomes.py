"""The task `record outcomes`: records outcomes in the ledger and releases the claims."""

from __future__ import annotations

import logging
from typing import Any

from pandera.typing import DataFrame
from prefect import task

from tasks import policies
from tasks.frames import Decisions, Effects, Messages, Outcomes, Readings, Skipped
from tasks.ledger.costs import spending
from tasks.ledger.engine import open_ledger
from tasks.ledger.outcomes import settle
from tasks.report.outcomes import outcome_rows, skipped_rows
from tasks.runs import Run

log = logging.getLogger("mailroom.report")


class WindowOutcomes:
    """The outcome rows of a window. It is not a collection: Prefect would keep an entry for each of its values."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows


@task(name="record outcomes", **policies.LEDGER)
def settle_outcomes(
    messages: DataFrame[Messages],
    skipped: DataFrame[Skipped],
    readings: DataFrame[Readings],
    decisions: DataFrame[Decisions],
    effects: DataFrame[Effects],
    run: Run,
) -> WindowOutcomes:
    """Record the outcome rows of a window and return them. A mail whose claim was lost is left to its new owner."""
    engine = open_ledger(run.settings.ledger)
    spent = spending(engine, run.id, list(messages["message_key"]))
    rows = outcome_rows(messages, readings, decisions, effects, spent)
    of_skipped = effects[~effects["message_key"].isin(messages["message_key"])]
    every = [*rows, *skipped_rows(skipped, of_skipped)]
    Outcomes.check(every)
    fences = dict(zip(messages["message_key"], messages["fence"].tolist(), strict=True))
    curable = set(readings.loc[readings["curable"], "message_key"])
    settled = settle(engine, run.id, every, curable, fences)
    if settled < len(every):
        log.info("%d mails were taken over by another run, which settles them.", len(every) - settled)
    log.info("%d outcomes recorded.", settled)
    return WindowOutcomes(every)
