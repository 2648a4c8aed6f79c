"""The five SDKs' adapters, beside the far side that they ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tasks.providers.far_side import Adapters


@pytest.fixture(scope="module")
def adapters() -> Iterator[Adapters]:
    """Made as tests ask for them, and kept for a module's tests."""
    found = Adapters()
    yield found
    found.loop.stop()
