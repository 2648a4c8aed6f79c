"""The task `choose actions`."""

from __future__ import annotations

from pandera.typing import DataFrame
from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.decide.decide import decide
from tasks.decide.rules import RuleBook
from tasks.frames import Decisions, Messages, Readings


@task(name="choose actions", cache_policy=NO_CACHE)
def choose_actions(
    messages: DataFrame[Messages], readings: DataFrame[Readings], rules: RuleBook
) -> DataFrame[Decisions]:
    """The actions for each mail, with their rules. The task is pure, so it is neither retried nor cached."""
    return decide(messages, readings, rules)
