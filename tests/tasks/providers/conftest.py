"""The five SDKs' adapters, beside the far side that they ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tasks.providers.at_the_wire import Wire
from tests.tasks.providers.far_side import Adapters


@pytest.fixture(scope="module")
def adapters() -> Iterator[Adapters]:
    """Made as tests ask for them, and kept for a module's tests."""
    found = Adapters()
    yield found
    found.loop.stop()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Gateways over real SDKs and one ledger."""
    found = Wire(f"sqlite:///{tmp_path_factory.mktemp('wire') / 'ledger.db'}")
    yield found
    found.close()
