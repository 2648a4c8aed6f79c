"""Tracks when all mails of a part of a source (a file of the inbox, an object of a store) are on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tasks.mailbox.raw import RawMail

P = TypeVar("P", bound=Hashable)


@dataclass(slots=True)
class UnsettledParts(Generic[P]):
    """Tracks the mails of each part that are not on record yet, while parts are still being read."""

    troubled: set[P] = field(default_factory=set)
    """Parts of which something could not be read."""
    _part_of: dict[str, P] = field(default_factory=dict)
    _unsettled: Counter[P] = field(default_factory=Counter)
    _ended: set[P] = field(default_factory=set)

    def watched(self, part: P, mails: Iterable[RawMail]) -> Iterator[RawMail]:
        """Yield the part's mails and track each. Call `ended` after the last one."""
        for mail in mails:
            self._part_of[mail.place] = part
            self._unsettled[part] += 1
            if mail.problem and not mail.foreign:
                self.troubled.add(part)
            yield mail

    def ended(self, part: P) -> list[P]:
        """Note that the part has no more mails. Return it if all of them are on record."""
        self._ended.add(part)
        return [part] if self._is_done(part) else []

    def settled(self, places: Iterable[str]) -> list[P]:
        """Note that the mails at these places are on record. Return the parts that are complete now."""
        done: list[P] = []
        for place in places:
            part = self._part_of.get(place)
            if part is not None:
                self._unsettled[part] -= 1
                if self._is_done(part):
                    done.append(part)
        return done

    def _is_done(self, part: P) -> bool:
        return part in self._ended and self._unsettled[part] <= 0
