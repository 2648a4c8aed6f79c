"""Limits set in Prefect's UI override the environment; invalid ones stop the run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.variables import Variable

from tasks.errors import Misconfigured
from tasks.settings import Settings
from tasks.understand import operator_limits
from tasks.understand.operator_limits import with_operator_limits

SETTINGS = Settings(limits={"openai": {"rpm": 100, "tpm": 1_000}, "gemini": {"rpm": 5}})


@pytest.fixture
def variable(prefect_server, monkeypatch) -> Iterator[str]:
    """The name of a Variable that nobody else on this server has."""
    name = "mailroom-limits-of-a-test"
    monkeypatch.setattr(operator_limits, "VARIABLE", name)
    yield name
    Variable.unset(name)


def test_limits_of_the_variable_go_before_those_of_the_environment(variable):
    assert with_operator_limits(SETTINGS) is SETTINGS
    Variable.set(variable, {"openai": {"rpm": 50}, "openai:gpt-6-luna": {"tpm": 7}})
    assert with_operator_limits(SETTINGS).limits == {
        "openai": {"rpm": 50}, "gemini": {"rpm": 5}, "openai:gpt-6-luna": {"tpm": 7},
    }  # fmt: skip


@pytest.mark.parametrize("value", [["openai"], {"openai": {"rpm": "many"}}, "{"])
def test_a_variable_that_cannot_be_used_stops_the_run(variable, value):
    Variable.set(variable, value)
    with pytest.raises(Misconfigured):
        with_operator_limits(SETTINGS)
