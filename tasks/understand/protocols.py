"""The interfaces that `understand` needs: one that answers, one that chooses models, and the worth of a mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from tasks.questions import Completion, Link, Question
from tasks.understand.answers import Triage

T = TypeVar("T", bound=BaseModel)

Worth = Callable[[Mapping[str, Any]], Set[str]]
"""Returns which analyses a mail is worth, from its columns and its triage."""

SetAside = Callable[[Mapping[str, Any]], AbstractContextManager[None]]
"""Reserves money for all questions about a mail while the block lasts."""

Choice = tuple[Sequence[Link], str]
"""The models in the order of asking, and the reason for the choice, which the outcome shows."""


class Asker(Protocol):
    """Answers questions, like `tasks.providers.gateway.gateway.Gateway`."""

    async def complete(
        self, question: Question[T], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[T]: ...


class Models(Protocol):
    """Chooses the models for a question."""

    def for_triage(self, mail: Mapping[str, Any]) -> Choice: ...

    def for_second_triage(self, triage: Triage) -> Choice | None:
        """The models to ask again, if the first answer is doubtful; else null."""

    def for_analysis(self, mail: Mapping[str, Any], triage: Triage) -> Choice: ...
