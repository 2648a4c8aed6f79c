"""How long a provider asks us to wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.providers.apis.retry_after import told_wait_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
    ],
)
def test_a_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert told_wait_s(headers) == seconds


@pytest.mark.parametrize(
    ("delay", "seconds"), [("34s", 34), ("0.25s", 0.25), ("34", None), (None, None), ("-1s", None)]
)
def test_a_wait_is_read_from_googles_details(delay: Any, seconds: float | None) -> None:
    assert told_wait_s({}, [{"@type": "type.googleapis.com/google.rpc.Help"}, {"retryDelay": delay}]) == seconds


@given(st.text(), st.text())
def test_nonsense_is_no_wait_and_no_error(seconds: str, milliseconds: str) -> None:
    told = told_wait_s({"retry-after": seconds, "retry-after-ms": milliseconds})
    assert told is None or told >= 0
