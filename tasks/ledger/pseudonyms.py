"""Stores what placeholders stand for. This is the only place that does."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, select

from tasks.ledger.rows import insert_into
from tasks.ledger.schema import pseudonyms

_KEY = "key"  # no placeholder has this form


class LedgerPseudonyms:
    """`tasks.privacy.placeholders.Pseudonyms` over the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def key(self) -> bytes:
        """The secret from which placeholders are derived. It is generated at the first call."""
        return self._key

    @cached_property
    def _key(self) -> bytes:
        self._keep([{"placeholder": _KEY, "original": base64.b64encode(secrets.token_bytes(32)).decode()}])
        with self._engine.begin() as connection:
            kept = connection.scalar(select(pseudonyms.c.original).where(pseudonyms.c.placeholder == _KEY))
        return base64.b64decode(str(kept))

    def remember(self, originals: Mapping[str, str]) -> None:
        """Store what these placeholders stand for."""
        if originals:
            self._keep([{"placeholder": name, "original": original} for name, original in originals.items()])

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        with self._engine.begin() as connection:
            connection.execute(insert_into(pseudonyms, connection.dialect.name).on_conflict_do_nothing(), rows)
