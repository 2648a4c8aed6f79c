"""A second reader's opinion on a reply: the value that is passed between the stages that ask and that act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tasks.runs import Run

OpinionWord = Literal["accept", "fix", "to_a_person"]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """`text` is the corrected reply where the verdict is `fix`; `reader` is the model that read it."""

    word: OpinionWord
    problems: tuple[str, ...]
    text: str
    reader: str


SecondReader = Callable[[Mapping[str, Any], str, "Run"], Opinion]
"""(the mail's row, the reply's text, the run) → the opinion.

Raises `CallError` or `BudgetExceeded` if there can be no opinion.
"""
