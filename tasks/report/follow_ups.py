"""What is to be followed up, for people: what we asked and nobody answered, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from prefect.events import emit_event
from sqlalchemy import Engine

from tasks.ledger.follow_ups import DAY_S, AskedQuestion, DueItem, due_items, open_questions
from tasks.report.plain import plain_cell

FOLLOW_UPS_OPEN = "mailroom.follow-ups.open"
_LOOKS_BACK_DAYS = 60


@dataclass(frozen=True, kw_only=True)
class FollowUps:
    """What is open at the end of a day."""

    questions: Sequence[AskedQuestion]
    items: Sequence[DueItem]

    @property
    def lines(self) -> list[str]:
        """As Markdown; empty where nothing is open."""
        return [*_asked(self.questions), *_due(self.items)]


def follow_ups_of(engine: Engine, day: date, unanswered_days: int) -> FollowUps:
    """What is open at the end of that day (UTC): questions unanswered for so many days, and items due by the next."""
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC).timestamp()
    after = end - _LOOKS_BACK_DAYS * DAY_S
    return FollowUps(
        questions=open_questions(engine, after=after, before=end - unanswered_days * DAY_S),
        items=due_items(engine, since=after, until_day=(day + timedelta(days=1)).isoformat()),
    )


def tell_of_follow_ups(found: FollowUps, day: date) -> None:
    """Emit the event that an automation can notify on, with how many there are; none where nothing is open."""
    if found.lines:
        emit_event(
            event=FOLLOW_UPS_OPEN,
            resource={"prefect.resource.id": "mailroom.follow-ups", "prefect.resource.name": f"Follow-ups of {day}"},
            payload={"unanswered": len(found.questions), "due": len(found.items)},
        )


# Lists, as both of Prefect's UIs cut a table's long cells off at the side of a small screen.
def _asked(questions: Sequence[AskedQuestion]) -> list[str]:
    rows = [
        f"- **{datetime.fromtimestamp(one.at, UTC):%d %b}** to {plain_cell(one.whom, 60)}, "
        f"“{plain_cell(one.subject, 60)}”: {plain_cell(one.question, 120)}"
        for one in questions
    ]
    return ["## Asked by us, not answered", "", *rows, ""] if rows else []


def _due(items: Sequence[DueItem]) -> list[str]:
    rows = [
        f"- **{plain_cell(one.due, 16)}** {plain_cell(one.owner, 30) or 'nobody named'}: {plain_cell(one.text, 120)} "
        f"(“{plain_cell(one.subject, 60)}”, {one.mail[:12]})"
        for one in items
    ]
    return ["## Due", "", *rows, ""] if rows else []
