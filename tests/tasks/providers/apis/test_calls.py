"""How exceptions that no provider caused are mapped, and error bodies of any form."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from tasks.errors import CallError, RequestRejected
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import in_our_words, transport_error
from tests.tasks.providers.far_side import KEY, MAIL

ASKED = CallTarget("openai", "gpt-6-luna")
WORDS = [
    "error",
    "message",
    "code",
    "type",
    "param",
    "status",
    "details",
    "reason",
    "retryDelay",
    "request_id",
    "detail",
]
SHAPES = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
)


def test_an_exception_nobody_expected_says_where_it_was_raised_but_not_what_it_said() -> None:
    async def call() -> None:
        raise ValueError(f"could not encode {MAIL} for {KEY}")

    with pytest.raises(RequestRejected) as raised:
        asyncio.run(in_our_words(ASKED, call(), transport_error, 5))
    assert "ValueError at test_calls.py:" in str(raised.value)
    told = "".join(traceback.format_exception(raised.value))
    assert MAIL not in told
    assert KEY not in told


def test_a_cancelled_call_stays_cancelled() -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(in_our_words(ASKED, asyncio.sleep(60), transport_error, 60))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


@given(st.integers(300, 599), SHAPES)
def test_a_complaint_of_any_shape_becomes_one_of_our_errors(status: int, body: Any) -> None:
    error = ASKED.rejected(status, {}, to_json(body))
    assert isinstance(error, CallError)
    assert error.status == status


@given(st.binary())
def test_a_complaint_that_is_no_json_becomes_one_of_our_errors(content: bytes) -> None:
    assert ASKED.rejected(503, {}, content).code == "OVERLOADED"
