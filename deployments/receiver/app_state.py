"""What all routes of the receiver share: settings, limits, and the spool that stores mail on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deployments.receiver.limits import RateLimit, Room
from deployments.receiver.spool import Spool
from tasks.settings.receiver import ReceiverSettings


@dataclass(frozen=True, kw_only=True)
class AppState:
    """The state of the application. It is made once for each process, at the application's start."""

    settings: ReceiverSettings
    ledger_url: str
    inbox: Path
    spool: Spool
    rate: RateLimit
    room: Room
