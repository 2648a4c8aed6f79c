"""The day in one page: counts, what is urgent or unanswered, cost and trends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from tasks.report.publish_digest import publish_digest
from tasks.settings import read_settings
from tasks.understand.operator_categories import read_categories


@flow(name="daily-digest", persist_result=False)
@says_what_is_wrong
def daily_digest(day: date | None = None, trend_days: Annotated[int, Field(ge=1, le=90)] = 14) -> State[Any]:
    """Report a day from the ledger; nothing is asked and nothing is changed.

    Args:
        day: The day (UTC); None is yesterday.
        trend_days: How many days, this one included, the plots show.
    """
    reported = day or datetime.now(UTC).date() - timedelta(days=1)
    mails = publish_digest(read_settings().ledger, reported, trend_days, read_categories())
    return Completed(message=f"{reported}: {mails} mails")
