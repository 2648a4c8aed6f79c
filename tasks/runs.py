"""A run of a flow, as its stages see it: values only, so tasks may be given it wherever they run."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Run:
    """`id` names the run in the ledger; a flow run's own id, so that the UI and the ledger say the same."""

    id: str
    settings: Settings
    origin: str = ""
    """The run that these mails were parked by, where this one takes them up; empty otherwise."""

    @property
    def root(self) -> str:
        """The run whose budget pays for what is asked in batches."""
        return self.origin or self.id
