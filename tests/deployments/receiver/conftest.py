"""A receiver in this process with a real inbox and ledger. Its announcements to Prefect are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from deployments.inbox.folder import open_inbox
from deployments.receiver.app import make_app
from tasks.mailbox import inbox
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """What a test asks of a running receiver."""

    client: TestClient
    data_dir: Path
    told: list[int] = field(default_factory=list)

    def files(self) -> dict[str, bytes]:
        """What lies in the inbox, by name."""
        folder = inbox.folder_of(self.data_dir)
        return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.fixture
def start_receiver(tmp_path: Path, ledger_url: str) -> Iterator[Callable[..., Receiver]]:
    """Start a receiver with these settings; it ends, as on SIGTERM, when the test does."""
    with ExitStack() as stack:

        def start(**settings: object) -> Receiver:
            told: list[int] = []

            async def announce(mails: int) -> None:
                told.append(mails)

            app = make_app(
                ReceiverSettings(**settings),
                GatherSettings(),
                open_inbox(tmp_path / "data", ledger_url),
                ledger_url,
                announce,
            )
            client = stack.enter_context(
                TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False)
            )
            return Receiver(client, tmp_path / "data", told)

        yield start


@pytest.fixture
def receiver(start_receiver: Callable[..., Receiver]) -> Receiver:
    """An open receiver, as on a developer's machine."""
    return start_receiver()
