"""Categories of a window's mails that need no model: what people said, what rules say, and what the classifier may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pandera.typing import DataFrame

from tasks.frames import Messages, records
from tasks.known import KnownCategory
from tasks.ledger.corrections import Correction, newest_corrections
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import load_raw
from tasks.presort.local_triage import LocallySorted, sort_locally
from tasks.presort.sender_rules import SenderRule, read_sender_rules, sorted_by_rules
from tasks.runs import Run


@dataclass(frozen=True, kw_only=True)
class Presorted:
    """By message_key, the categories that are known; and what the classifier said that is asked of the model, too."""

    known: Mapping[str, KnownCategory]
    local: LocallySorted

    def of(self, keys: Iterable[str]) -> dict[str, KnownCategory]:
        """What is known of some of the mails."""
        return {key: self.known[key] for key in keys if key in self.known}


def known_beforehand(messages: DataFrame[Messages], run: Run) -> Presorted:
    """What is known of these mails: a person's word before a rule's, and a rule's before the classifier's.

    A correction to a category that is no more is left aside.

    Raises:
        Misconfigured: A rule before the model cannot be used.
    """
    mails = records(messages)
    said = newest_corrections(open_ledger(run.settings.ledger), messages["message_key"])
    names = set(run.categories.names)
    known = {key: _of_correction(one) for key, one in said.items() if one.category in names}
    known |= _by_rules([mail for mail in mails if mail["message_key"] not in known], run)
    local = sort_locally((mail for mail in mails if mail["message_key"] not in known), run)
    return Presorted(known={**local.known, **known}, local=local)


def _by_rules(mails: list[dict[str, Any]], run: Run) -> dict[str, KnownCategory]:
    rules = _rules_of(run.id, run.categories.names)
    raws: dict[str, bytes] = {}
    if any(rule.needs_headers for rule in rules):
        kept = load_raw(open_ledger(run.settings.ledger), [mail["message_key"] for mail in mails])
        raws = {one["message_key"]: one["raw"] for one in kept}
    return sorted_by_rules(mails, rules, raws) if rules else {}


@lru_cache(maxsize=8)
def _rules_of(_run_id: str, names: tuple[str, ...]) -> tuple[SenderRule, ...]:
    """A run's rules, read once: what is changed while it is under way counts from the next run on."""
    return read_sender_rules(names)


def _of_correction(one: Correction) -> KnownCategory:
    return KnownCategory(
        category=one.category, by=f"correction by {one.person}", why=f"{one.person} said so ({one.way})."
    )
