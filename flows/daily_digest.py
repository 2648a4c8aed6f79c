"""One page about a day: counts, urgent and unanswered mails, cost and trends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from flows.run.run_names import run_name
from tasks.report.publish_digest import days_to_report, publish_digest
from tasks.settings import read_settings
from tasks.settings.parameters import OptionalDay, tells_bounds
from tasks.understand.operator_categories import read_categories


@flow(name="daily-digest", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def daily_digest(
    day: OptionalDay = None,
    trend_days: Annotated[int, Field(ge=1, le=90)] = 14,
    unanswered_days: Annotated[int, Field(ge=1, le=60)] = 3,
) -> State[Any]:
    """Report a day from the ledger, and days before it that were missed; nothing is asked and nothing is changed.

    Args:
        day: The day (UTC), and no other; left empty, it is the day before this run was scheduled for.
        trend_days: How many days, this one included, the plots show.
        unanswered_days: After how many days a question of ours counts as not answered.
    """
    # Not the day before it began: a run that had to wait for a worker reports the day it was meant for.
    days = [day] if day else days_to_report(_scheduled().date() - timedelta(days=1))
    ledger, categories = read_settings().ledger, read_categories()
    mails = {one: publish_digest(ledger, one, trend_days, unanswered_days, categories) for one in days}
    return Completed(message="; ".join(f"{one}: {count} mails" for one, count in mails.items()))


def _scheduled() -> datetime:
    return flow_run.scheduled_start_time or datetime.now(UTC)
