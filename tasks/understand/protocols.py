"""What `understand` needs from others: somebody who answers, a choice of models, and what a mail is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from tasks.questions import Completion, Link, Question
from tasks.understand.answers import Triage

T = TypeVar("T", bound=BaseModel)

Worth = Callable[[Mapping[str, Any]], Set[str]]
"""Which analyses a mail is worth, from its columns and its triage."""

SetAside = Callable[[Mapping[str, Any]], AbstractContextManager[None]]
"""Keeps money for all questions about a mail while the block lasts."""

Choice = tuple[Sequence[Link], str]
"""The models to ask, the first one first, and the reason for them, which goes into the outcome."""


class Asker(Protocol):
    """Answers questions, as `tasks.providers.gateway.gateway.Gateway` does."""

    async def complete(
        self, question: Question[T], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[T]: ...


class Models(Protocol):
    """Chooses the models that a question is put to."""

    def for_triage(self, mail: Mapping[str, Any]) -> Choice: ...

    def for_second_triage(self, triage: Triage) -> Choice | None:
        """Whom to ask again because the first answer is doubtful; null when it is not."""

    def for_analysis(self, mail: Mapping[str, Any], triage: Triage) -> Choice: ...
