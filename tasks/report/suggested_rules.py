"""The page of rules before the model with their hits, and the form on which a person takes suggested ones over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from tasks.report.plain import markdown_table, plain_cell

TAKE, LEAVE = "take it over", "leave it"


@dataclass(frozen=True, kw_only=True)
class SuggestedRule:
    """A rule as people see it: the sender, its category, and what speaks for it."""

    sender: str
    category: str
    why: str


@dataclass(frozen=True, kw_only=True)
class SuggestionForm:
    """One choice for each suggestion; nothing is taken over that nobody chose."""

    rows: Sequence[SuggestedRule]

    def input_type(self, description: str) -> type[RunInput]:
        """The form as Prefect takes it; `description` is markdown."""
        fields: dict[str, Any] = {"your_name": (str, Field(min_length=1, max_length=200, title="Your name"))}
        for number, row in enumerate(self.rows):
            kind: Any = Literal[LEAVE, TAKE]
            title = f"{plain_cell(row.sender, 80)} is always {row.category}"
            fields[f"rule_{number}"] = (kind, Field(LEAVE, title=title, description=row.why))
        return create_model("Suggestions", __base__=RunInput, **fields).with_initial_data(description=description)

    def taken_in(self, answer: RunInput) -> list[int]:
        """The places of the suggestions that were taken over."""
        return [number for number in range(len(self.rows)) if getattr(answer, f"rule_{number}") == TAKE]


def rules_page(rules: Sequence[tuple[str, str]], hits: Mapping[str, int], suggested: Sequence[SuggestedRule]) -> str:
    """The rules (name, category) with the mails that each sorted, and the suggestions, as Markdown."""
    known = [(plain_cell(name, 80), category, hits.get(name, 0)) for name, category in rules]
    new = [(plain_cell(row.sender, 80), row.category, row.why) for row in suggested]
    parts = [
        "# Rules before the model",
        "",
        *(markdown_table(("rule", "category", "mails sorted"), known) or ["None."]),
    ]
    parts += ["", "## Suggested", "", *(markdown_table(("sender", "category", "why"), new) or ["None."])]
    return "\n".join(parts)
