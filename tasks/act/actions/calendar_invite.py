"""Drafts a calendar entry for a meeting, if the mail itself names the time.

The time comes from the mail's calendar part, or from an action item whose quote is in the mail. Apart from it, the
entry contains only the subject and the verified sender.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned, one_line
from tasks.act.drafts import look_for_draft, put_draft
from tasks.act.performer import ActionContext, Found
from tasks.act.replies import build_reply, reply_content, target_of, why_held, why_nobody
from tasks.act.subjects import reply_subject, without_prefix
from tasks.actions import Action
from tasks.ledger.effects import Effect

if TYPE_CHECKING:
    import icalendar

_MOST_BYTES = 200_000


class CalendarInvite(Action):
    """Put a draft with a calendar entry into the drafts folder, if the mail names a date."""

    action: Literal["calendar_invite"]
    minutes: int = Field(60, ge=5, le=1_440)


def plan(action: CalendarInvite, mail: ActedMail) -> Planned:
    start = moment_of(mail.raw, mail.row["action_items"])
    if start is None:
        return Planned(target="drafts", skip="the mail names no time")
    if mail.automatic.never:
        return Planned(target="drafts", skip=f"machines are not invited: {mail.automatic.why}")
    if skip := why_nobody(mail):
        return Planned(target="drafts", skip=skip)
    title = reply_subject(one_line(mail.row["subject"]))  # others than the mail's author see it in calendars
    content = reply_content(mail, "") | {"subject": title, "start": start.isoformat(), "minutes": action.minutes}
    return Planned(target=target_of(mail), content=content, hold=why_held(mail))


async def perform(effect: Effect, context: ActionContext) -> str:
    return await put_draft(effect, context, _draft(effect))


async def look(effect: Effect, context: ActionContext) -> Found:
    return await look_for_draft(effect, context, _draft(effect))


def _draft(effect: Effect) -> EmailMessage:
    mail = build_reply(effect, effect.content["from"])
    mail.add_attachment(entry(effect).to_ical(), maintype="text", subtype="calendar", filename="invite.ics")
    return mail


def entry(effect: Effect) -> icalendar.Calendar:
    """The calendar entry. Its UID is the effect's id, so that a calendar adds it only once."""
    import icalendar  # 80 modules, and few mails lead to a meeting

    content = effect.content
    start = datetime.fromisoformat(content["start"]).astimezone(UTC)  # calendars know no time zone for a plain offset
    event = icalendar.Event()
    event.add("uid", f"{effect.effect_id[:40]}@mailroom.invalid")
    event.add("dtstamp", datetime.fromtimestamp(effect.planned_at, UTC))
    event.add("dtstart", start)
    event.add("dtend", start + timedelta(minutes=content["minutes"]))
    event.add("summary", without_prefix(content["subject"]) or "Meeting")
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//mailroom//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return calendar


def moment_of(raw: bytes, action_items: Iterable[dict[str, Any]]) -> datetime | None:
    """The time of the meeting in the mail; null where the mail does not state it unambiguously."""
    return _invited_for(raw) or next(filter(None, map(_due, action_items)), None)


def _due(item: dict[str, Any]) -> datetime | None:
    if not item.get("quote_found", True) or not item.get("due"):
        return None
    try:
        moment = datetime.fromisoformat(item["due"].strip())
    except ValueError:
        return None
    if "T" not in item["due"] and " " not in item["due"].strip():
        return None  # a date without a time
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _invited_for(raw: bytes) -> datetime | None:
    if b"text/calendar" not in raw.lower():
        return None
    import icalendar

    for part in message_from_bytes(raw, policy=compat32).walk():
        body = part.get_payload(decode=True) if part.get_content_type() == "text/calendar" else None
        if isinstance(body, bytes) and len(body) <= _MOST_BYTES:
            try:
                events = icalendar.Calendar.from_ical(body).walk("VEVENT")
                start = next(one.decoded("dtstart") for one in events)
            except (ValueError, KeyError, StopIteration):
                continue
            if isinstance(start, datetime):
                return start if start.tzinfo else start.replace(tzinfo=UTC)
    return None
