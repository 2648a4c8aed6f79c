"""What providers told of their limits, remembered between runs: a new one need not begin as if it knew nothing."""

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
"""A provider raises and lowers limits; what it told longer ago than this is not relied on."""


class ReportedLimits:
    """Gives `tasks.ledger.rate_limiter.LedgerRateLimiter` its usual limits, and notes those that a reply reports.

    `of` gives the limits, `note` takes those of a reply.

    `address_of` tells servers of one provider apart, such as a simulator from the real one.
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
        """What the provider told within a day, else what is usual."""
        usual = self._usual(link)
        rpm, tpm = self._known.get(self._place(link), (None, None))
        return RateLimits(rpm=rpm or usual.rpm, tpm=tpm or usual.tpm)

    def note(self, link: Link, told: RateLimits) -> None:
        """Remember what a reply told, if it is news; to be called on the model loop."""
        place = self._place(link)
        if self._known.get(place) != (told.rpm, told.tpm):
            self._known[place] = (told.rpm, told.tpm)
            address, provider, model = place
            row = {"address": address, "provider": provider, "model": model, "rpm": told.rpm, "tpm": told.tpm}
            self._writer.post("limits", row | {"told_at": self._clock()})

    def _place(self, link: Link) -> tuple[str, str, str]:
        return self._address_of(link), link.provider, link.model


def _write(connection: Connection, rows: list[Any]) -> list[None]:
    insert = insert_into(told_limits, connection.dialect.name)
    news = {name: insert.excluded[name] for name in ("rpm", "tpm", "told_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=list(told_limits.primary_key), set_=news), rows)
    return [None] * len(rows)
