"""A run of a flow, as its stages see it: values only, so tasks may be given it wherever they run."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.categories import DEFAULT_CATEGORIES, Categories
from tasks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Run:
    """`id` names the run in the ledger; a flow run's own id, so that the UI and the ledger say the same."""

    id: str
    settings: Settings
    categories: Categories = DEFAULT_CATEGORIES
    """What its mails are sorted into."""
    origin: str = ""
    """The run that this one goes on with or is a part of; empty where it stands alone."""

    @property
    def root(self) -> str:
        """The run whose budget pays."""
        return self.origin or self.id
