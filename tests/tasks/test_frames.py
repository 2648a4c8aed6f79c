"""A frame made from rows is checked as strictly as by its schema, and all faults are reported."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from tasks.frames import Decisions, Effects, Frame, Messages, Outcomes, Readings, Skipped
from tasks.understand.understand import blank_reading

FRAMES: list[type[Frame]] = [Messages, Skipped, Readings, Decisions, Effects, Outcomes]


def reading(key: str, **changed: Any) -> dict[str, Any]:
    return blank_reading(key, None) | {"category": "OTHER", "complexity": "simple", "confidence": 0.5} | changed


@pytest.mark.parametrize("kind", FRAMES)
def test_no_rows_make_a_frame_with_all_columns_and_types(kind: type[Frame]) -> None:
    frame = kind.of([])
    assert list(frame.columns) == kind.names()
    kind.validate(frame)


@settings(max_examples=50)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "message_key": st.sampled_from(["a", "b", "c"]),
                "category": st.sampled_from(["URGENT", "OTHER", "not a name", None]),
                "confidence": st.none() | st.floats(-0.5, 1.5),
                "calls": st.integers(-1, 2),
                "reason": st.sampled_from(["", "why", None]),
            }
        ),
        max_size=4,
    )
)
def test_rows_are_taken_and_refused_exactly_as_by_the_schema(rows: list[dict[str, Any]]) -> None:
    filled = [reading("key", **row) for row in rows]
    types = {name: str(column.dtype) for name, column in Readings.to_schema().columns.items()}
    expected = None
    try:
        Readings.validate(pd.DataFrame(filled, columns=Readings.names()).astype(types), lazy=True)
    except SchemaErrors as error:
        expected = error
    if expected is None:
        assert len(Readings.of(filled)) == len(rows)
        Readings.check(filled)
    else:
        with pytest.raises(SchemaErrors) as caught:
            Readings.of(filled)
        assert caught.value.message == expected.message
        with pytest.raises(SchemaErrors) as caught:
            Readings.check(filled)
        assert caught.value.message == expected.message


@pytest.mark.parametrize(
    ("column", "value"), [("calls", "many"), ("calls", None), ("confidence", "high"), ("reason", None)]
)
def test_a_check_refuses_what_a_frame_cannot_hold(column: str, value: Any) -> None:
    Readings.check([reading("a"), reading("b")])
    with pytest.raises((SchemaErrors, ValueError, TypeError)):
        Readings.of([reading("a"), reading("b", **{column: value})])
    with pytest.raises((SchemaErrors, ValueError, TypeError)):
        Readings.check([reading("a"), reading("b", **{column: value})])


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(SchemaErrors) as caught:
        Readings.of([reading("a", category="not a name", calls=-1), reading("a")])
    assert set(caught.value.failure_cases["column"]) == {"message_key", "category", "calls"}
