"""Limits that providers reported in their replies' headers, stored so that the next run begins with them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, select

from tasks.ledger.completions import writer_of
from tasks.ledger.engine import reading
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import told_limits
from tasks.questions import Link, RateLimits

_KEPT_S = 86_400.0
"""Providers change their limits, so older reports are ignored."""


class ReportedLimits:
    """The usual limits of `tasks.ledger.rate_limiter.LedgerRateLimiter`: `of` reads them, `note` stores reported ones.

    `address_of` distinguishes servers of one provider, such as a simulator and the real one.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        address_of: Callable[[Link], str],
        usual: Callable[[Link], RateLimits],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address_of = address_of
        self._usual = usual
        self._clock = clock
        self._writer = writer_of(engine)
        self._writer.learn({"limits": _write})
        with reading(engine) as connection:
            rows = connection.execute(select(told_limits).where(told_limits.c.told_at > clock() - _KEPT_S)).all()
        self._known = {(row.address, row.provider, row.model): (row.rpm, row.tpm) for row in rows}

    def of(self, link: Link) -> RateLimits:
        """The limits that the provider reported within a day, else the usual ones."""
        usual = self._usual(link)
        rpm, tpm = self._known.get(self._place(link), (None, None))
        return RateLimits(rpm=rpm or usual.rpm, tpm=tpm or usual.tpm)

    def note(self, link: Link, reported: RateLimits) -> None:
        """Store the limits of a reply if they are new. Must be called on the providers' event loop."""
        place = self._place(link)
        if self._known.get(place) != (reported.rpm, reported.tpm):
            self._known[place] = (reported.rpm, reported.tpm)
            address, provider, model = place
            row = {"address": address, "provider": provider, "model": model, "rpm": reported.rpm, "tpm": reported.tpm}
            self._writer.post("limits", row | {"told_at": self._clock()})

    def _place(self, link: Link) -> tuple[str, str, str]:
        return self._address_of(link), link.provider, link.model


def _write(connection: Connection, rows: list[Any]) -> list[None]:
    insert = insert_into(told_limits, connection.dialect.name)
    news = {name: insert.excluded[name] for name in ("rpm", "tpm", "told_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=list(told_limits.primary_key), set_=news), rows)
    return [None] * len(rows)
