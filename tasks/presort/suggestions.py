"""Rules before the model that the ledger speaks for: senders all of whose mails were the same, the surest first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tasks.classifier.certify import upper_bound
from tasks.classifier.features import sender_of
from tasks.ledger.senders import SortedMail
from tasks.presort.sender_rules import SenderRule

LEAST = 12
"""Mails of a sender from which on it is suggested: with so many alike, at most 22 % of its mails differ (95 %)."""
_DELTA = 0.05


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A rule for a sender, how many of its mails speak for it, and the share that may be something else (95 %)."""

    rule: SenderRule
    mails: int
    error_at_most: float

    def sentence(self) -> str:
        """What speaks for it, in one line."""
        return (
            f"All of its {self.mails} mails were {self.rule.category} and wanted no reply; "
            f"at most {self.error_at_most:.0%} of such mails are something else."
        )


def suggestions(
    mails: Iterable[SortedMail], rules: Sequence[SenderRule], *, never: Collection[str], names: Collection[str]
) -> list[Suggestion]:
    """A rule for each sender of at least `LEAST` mails that were all of one category and wanted no reply.

    A category in `never`, one that is no more, and a sender that a rule names already are left out.
    """
    by_sender: defaultdict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for mail in mails:
        by_sender[sender_of({"sender": mail.sender})][mail.category, mail.needs_reply] += 1
    named = {rule.sender.casefold() for rule in rules if rule.sender}
    found = [
        _suggested(address, category, met.total())
        for address, met in by_sender.items()
        for category, needs_reply in list(met)[:1]
        if len(met) == 1 and met.total() >= LEAST and address and address not in named
        and not needs_reply and category in names and category not in never
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.mails, one.rule.name))


def _suggested(address: str, category: str, mails: int) -> Suggestion:
    rule = SenderRule(name=address[:300], category=category, sender=address[:300])
    return Suggestion(rule=rule, mails=mails, error_at_most=upper_bound(0, mails, _DELTA))
