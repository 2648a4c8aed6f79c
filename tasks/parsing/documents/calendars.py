"""iCalendar (RFC 5545): events and tasks as lines that people and models read."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import cast

from icalendar import Calendar, Component

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened, bounded_text

MAX_PEOPLE = 20
METHODS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "COUNTER": "Other time"}


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return the events and tasks, a paragraph each."""
    calendars = Calendar.from_ical(data.removeprefix(b"\xef\xbb\xbf"), multiple=True)
    found = bounded_text((line for one in calendars for line in lines(one, bounds)), bounds)
    if not found.text:
        raise NotOpened("a calendar without events or tasks")
    return found


def lines(calendar: Calendar, bounds: Bounds) -> Iterator[str]:
    method = METHODS.get(str(calendar.get("METHOD", "")).upper(), "")
    entries = [one for one in calendar.walk() if one.name in ("VEVENT", "VTODO")]
    for number, entry in enumerate(entries[: bounds.entries]):
        if number:
            yield ""
        yield f"{method or ('Task' if entry.name == 'VTODO' else 'Event')}: {plain(entry.get('SUMMARY'))}"
        for label, value in details(entry):
            if value:
                yield f"{label}: {value}"


def details(entry: Component) -> Iterator[tuple[str, str]]:
    start, end = moment(entry, "DTSTART"), moment(entry, "DTEND") or moment(entry, "DUE")
    yield "When", " to ".join(part for part in (start, end) if part)
    yield (
        "Repeats",
        plain(cast(bytes, entry["RRULE"].to_ical()).decode()) if hasattr(entry.get("RRULE"), "to_ical") else "",
    )
    yield "Where", plain(entry.get("LOCATION"))
    yield "Organizer", person(entry.get("ORGANIZER"))
    yield "Attendees", people(entry.get("ATTENDEE"))
    yield "Status", plain(entry.get("STATUS")).lower()
    yield "Description", str(entry.get("DESCRIPTION") or "").strip()


def moment(entry: Component, name: str) -> str:
    """Return a time with its zone; one that cannot be read as it is written."""
    field = entry.get(name)
    value = getattr(field, "dt", None)
    if isinstance(value, datetime):
        zone = value.tzinfo
        return value.strftime("%Y-%m-%d %H:%M") + (f" {zone_name(value)}" if zone else "")
    return value.isoformat() if isinstance(value, date) else plain(field)


def zone_name(value: datetime) -> str:
    key = getattr(value.tzinfo, "key", "")
    return f"{value.tzname() or ''} ({key})" if key and key != "UTC" else value.tzname() or ""


def people(field: object) -> str:
    entries = field if isinstance(field, list) else [field] if field else []
    shown = ", ".join(filter(None, map(person, entries[:MAX_PEOPLE])))
    return f"{shown} and {len(entries) - MAX_PEOPLE} more" if len(entries) > MAX_PEOPLE else shown


def person(field: object) -> str:
    """Return a calendar user as `Name <address>`, and what was answered."""
    if not field:
        return ""
    address = plain(field).removeprefix("mailto:").removeprefix("MAILTO:")
    parameters = getattr(field, "params", {})
    name, answer = str(parameters.get("CN", "")).strip('"'), str(parameters.get("PARTSTAT", "")).lower()
    shown = f"{name} <{address}>" if name and name != address else address
    return f"{shown} ({answer})" if answer in ("accepted", "declined", "tentative") else shown


def plain(value: object) -> str:
    """Return a field on one line."""
    return " ".join(str(value).split()) if value is not None else ""
