"""A source of mails from the ledger, such as failed ones. It reads them from the bytes that the ledger keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from tasks.ledger.messages import load_raw
from tasks.mailbox.raw import Origin, RawMail

_LOADED = 50  # mails whose bytes are held in memory at once


@dataclass(frozen=True, kw_only=True)
class FailedMails:
    """`tasks.mailbox.kinds.Source` over mails of the ledger."""

    engine: Engine
    keys: Sequence[str]
    name: str = "ledger:failed"

    def count(self) -> int:
        """How many there are."""
        return len(self.keys)

    def read(self) -> Iterator[RawMail]:
        """The mails, oldest first."""
        for start in range(0, len(self.keys), _LOADED):
            for kept in load_raw(self.engine, self.keys[start : start + _LOADED]):
                yield RawMail(
                    raw=kept["raw"],
                    source_id=kept["source_id"],
                    origin=Origin(source=self.name),
                    target_language=kept["target_language"],
                )
