"""Whatever is requested, returned and owed, no part of a limit is granted twice."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limit_rows import RateGrant, RateRequest, SlowDown, write

_numbers = itertools.count()
RATE = 10.0  # a second, of requests and of tens of tokens

steps = st.lists(
    st.tuples(
        st.floats(0, 3),  # seconds that pass before
        st.integers(1, 5),  # requests wanted
        st.integers(0, 5),  # of the last block's, not used
        st.sampled_from([None, None, None, "wait", "too fast"]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def engine():
    with tempfile.TemporaryDirectory() as folder:
        yield open_ledger(f"sqlite:///{Path(folder) / 'ledger.db'}")


class Row:
    """One model's row, at a time that is set."""

    def __init__(self, engine: Engine, model: str) -> None:
        self.now = 1_000_000.0
        self._engine = engine
        self._model = model

    def reserve(self, requests: int, unused: int) -> RateGrant:
        wanted = RateRequest(
            provider="openai", model=self._model, clock=lambda: self.now, rpm=60 * RATE, tpm=600 * RATE,
            requests=requests, tokens=10.0 * requests, requests_unused=unused, tokens_unused=10.0 * unused,
        )  # fmt: skip
        return self._write(wanted)

    def tell(self, *, wait_s: float, too_fast: bool) -> None:
        self._write(
            SlowDown(provider="openai", model=self._model, clock=lambda: self.now, hold_s=wait_s, too_fast=too_fast)
        )

    def _write(self, request):
        with self._engine.begin() as connection:
            (answer,) = write(connection, [request])
        return answer


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_blocks_follow_each_other_and_nobody_goes_before_he_may(engine, steps):
    row, last_requests, free_at, held_until = Row(engine, f"model {next(_numbers)}"), 0, 0.0, 0.0
    row.reserve(0, 0)  # a model is told to wait after it was asked
    for passed, requests, unused, told in steps:
        row.now += passed
        if told is not None:
            row.tell(wait_s=5.0 if told == "wait" else 0.0, too_fast=told == "too fast")
            held_until = row.now + 5.0 if told == "wait" else held_until
        given_back = min(unused, last_requests)
        granted = row.reserve(requests, given_back)
        # A block begins where the one before ends, less what that left; never in the past, never while all must wait.
        assert granted.requests_from >= max(row.now, held_until) - 1e-6
        assert granted.requests_from >= free_at - given_back * granted.request_s - 1e-6
        assert granted.tokens_from >= max(row.now, held_until) - 1e-6
        assert 1 / RATE - 1e-9 <= granted.request_s <= 10 / RATE + 1e-9
        free_at, last_requests = granted.requests_from + requests * granted.request_s, requests
