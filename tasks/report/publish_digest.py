"""The task `digest`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from prefect import task
from prefect.artifacts import create_markdown_artifact

from tasks import policies
from tasks.ledger.days import outcomes_since
from tasks.ledger.engine import open_ledger
from tasks.report.digest import digest_frame, digest_text


@task(name="digest", **policies.LEDGER)
def publish_digest(ledger_url: str, day: date, days: int) -> int:
    """How many mails the day had; its digest, with the trend of so many days, stands in Prefect's UI."""
    first = datetime.combine(day - timedelta(days=days - 1), datetime.min.time(), UTC)
    mails = digest_frame(outcomes_since(open_ledger(ledger_url), first.timestamp()))
    create_markdown_artifact(markdown=digest_text(mails, day), key="mailroom-digest", description=f"Digest of {day}")
    return int((mails["day"] == day).sum())
