"""Marks of mails in their mailboxes (`tasks.mailbox.imap.marks`) as they were last seen, and those that we set."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, and_, or_, select

from tasks.ledger.engine import reading
from tasks.ledger.rows import in_batches, insert_into
from tasks.ledger.schema import effects, seen_marks

_MARKING = {"label": "label", "flag": "flag", "move": "folder"}
"""Actions that leave a mark, and the parameter that names it."""


@dataclass(frozen=True, kw_only=True)
class SeenMarks:
    """What stood on a mail in its place (source, place), at that time by the ledger's clock."""

    place: tuple[str, str]
    marks: frozenset[str]
    at: float


def record_marks(engine: Engine, seen: Iterable[SeenMarks]) -> None:
    """Write down what stands on these mails now, in place of what was seen before."""
    rows = [
        {"source": one.place[0], "place": one.place[1], "marks": sorted(one.marks), "at": one.at} for one in seen
    ]  # fmt: skip
    if not rows:
        return
    with engine.begin() as connection:
        insert = insert_into(seen_marks, connection.dialect.name)
        new = {"marks": insert.excluded.marks, "at": insert.excluded.at}
        connection.execute(insert.on_conflict_do_update(index_elements=["source", "place"], set_=new), rows)


def marks_seen(engine: Engine, source: str, places: Collection[str]) -> dict[str, SeenMarks]:
    """By place, what was last seen on the mails in these places of a source."""
    found: dict[str, SeenMarks] = {}
    with reading(engine) as connection:
        for some in in_batches(places):
            wanted = select(seen_marks).where(seen_marks.c.source == source, seen_marks.c.place.in_(some))
            for row in connection.execute(wanted):
                found[row.place] = SeenMarks(place=(source, row.place), marks=frozenset(row.marks), at=row.at)
    return found


def marks_set(engine: Engine, keys: Collection[str]) -> dict[str, list[tuple[str, float]]]:
    """By message_key, the marks that effects set or may have set, and when (by the ledger's clock); `in:` a folder.

    Those that a process is setting now, or was when it died, count as set at all times.
    """
    e = effects.c
    open_ = e.state.in_(("claimed", "ambiguous"))
    found: dict[str, list[tuple[str, float]]] = {}
    with reading(engine) as connection:
        for some in in_batches(keys):
            wanted = select(e.message_key, e.action, e.parameters, e.updated, open_.label("open")).where(
                e.message_key.in_(some), e.action.in_(_MARKING), or_(e.state == "done", open_, and_(e.begun))
            )
            for row in connection.execute(wanted):
                mark = _mark(row.action, row.parameters)
                found.setdefault(row.message_key, []).append((mark, float("inf") if row.open else row.updated))
    return found


def _mark(action: str, parameters: dict[str, str] | str) -> str:
    told = json.loads(parameters) if isinstance(parameters, str) else parameters
    name = told.get(_MARKING[action], "flagged").lower()
    return {"label": name, "flag": f"\\{name}", "move": f"in:{name}"}[action]
