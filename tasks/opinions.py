"""What a second reader says of a reply before it leaves: the value that the stages which ask and act share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from tasks.runs import Run

OpinionWord = Literal["accept", "fix", "to_a_person"]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """`text` is the mended reply where the word is `fix`; `reader` is the model that read it."""

    word: OpinionWord
    problems: tuple[str, ...]
    text: str
    reader: str


SecondReader = Callable[[Mapping[str, Any], str, "Run"], Opinion]
"""(the mail's row, the reply's text, the run) → the opinion.

Raises `CallError` or `BudgetExceeded` if there can be no opinion.
"""
