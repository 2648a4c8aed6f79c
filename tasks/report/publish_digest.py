"""The task `write digest`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort
from sqlalchemy import Engine

from tasks import policies
from tasks.categories import Categories
from tasks.ledger.daily_outcomes import outcomes_since
from tasks.ledger.effect_counts import count_effects, count_held
from tasks.ledger.engine import open_ledger
from tasks.report.costs import costs_text
from tasks.report.digest import digest_frame, digest_text
from tasks.report.follow_ups import follow_ups_of, tell_of_follow_ups
from tasks.report.quality import quality_text

KEY = "mailroom-digest"
_TITLE = "Digest of "
_MOST_DAYS = 7
_LOOKED_THROUGH = 50  # the newest digests, which hold more than those days


def days_to_report(day: date) -> list[date]:
    """The day, and before it those of the last week that were missed: that have no digest while an earlier one has."""
    reported = _reported()
    week = [day - timedelta(days=back) for back in range(_MOST_DAYS - 1, 0, -1)]
    began = min((one for one in week if one in reported), default=day)
    return [*(one for one in week if one > began and one not in reported), day]


def _reported() -> set[date]:
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[KEY])),
            sort=ArtifactSort.CREATED_DESC,
            limit=_LOOKED_THROUGH,
        )
    titles = [one.description or "" for one in found]
    return {date.fromisoformat(title.removeprefix(_TITLE)) for title in titles if title.startswith(_TITLE)}


@task(name="write digest", **policies.LEDGER)
def publish_digest(ledger_url: str, day: date, days: int, unanswered_days: int, categories: Categories) -> int:
    """How many mails the day had; its digest, its follow-ups and the costs of so many days stand in Prefect's UI."""
    first = datetime.combine(day - timedelta(days=days - 1), datetime.min.time(), UTC)
    engine = open_ledger(ledger_url)
    mails = digest_frame(outcomes_since(engine, first.timestamp()))
    follow_ups = follow_ups_of(engine, day, unanswered_days)
    effects, held = _effects_of(engine, day), count_held(engine)
    text = digest_text(mails, day, categories, effects, held=held, follow_ups=follow_ups.lines)
    processed = int((mails["day"] == day).sum())
    text += quality_text(engine, since=datetime.combine(day, datetime.min.time(), UTC).timestamp(), mails=processed)
    create_markdown_artifact(markdown=text, key=KEY, description=f"{_TITLE}{day}")
    create_markdown_artifact(
        markdown="\n".join(follow_ups.lines) or "Nothing is open.",
        key="mailroom-follow-ups",
        description=f"What nobody answered within {unanswered_days} days, and what is due, by the end of {day}",
    )
    tell_of_follow_ups(follow_ups, day)
    create_markdown_artifact(
        markdown=costs_text(engine, since=first.timestamp()),
        key="mailroom-costs",
        description=f"What was asked and paid in the {days} days up to {day}",
    )
    return processed


def _effects_of(engine: Engine, day: date) -> Counter[str]:
    midnight = datetime.combine(day, datetime.min.time(), UTC).timestamp()
    return count_effects(engine, since=midnight, until=midnight + 86_400)
