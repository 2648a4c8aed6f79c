"""Categories of a window's mails that need no model: what people said of them."""

from __future__ import annotations

from pandera.typing import DataFrame

from tasks.frames import Messages
from tasks.known import KnownCategory
from tasks.ledger.corrections import Correction, newest_corrections
from tasks.ledger.engine import open_ledger
from tasks.runs import Run


def known_beforehand(messages: DataFrame[Messages], run: Run) -> dict[str, KnownCategory]:
    """By message_key, the categories that are known; a correction to a category that is no more is left aside."""
    found = newest_corrections(open_ledger(run.settings.ledger), messages["message_key"])
    names = set(run.categories.names)
    return {key: _of_correction(one) for key, one in found.items() if one.category in names}


def _of_correction(one: Correction) -> KnownCategory:
    return KnownCategory(
        category=one.category, by=f"correction by {one.person}", why=f"{one.person} said so ({one.way})."
    )
