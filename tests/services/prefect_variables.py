"""Prefect Variables as an operator sets them in the UI, taken away after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prefect.variables import Variable

SetVariables = Callable[..., None]


@pytest.fixture
def variables(prefect_server: str) -> Iterator[SetVariables]:
    """Sets the Variables that are named with underscores for dashes."""
    made: list[str] = []

    def set_variables(**values: Any) -> None:
        for name, value in values.items():
            made.append(name.replace("_", "-"))
            Variable.set(made[-1], value, overwrite=True)

    yield set_variables
    for name in dict.fromkeys(made):
        Variable.unset(name)
