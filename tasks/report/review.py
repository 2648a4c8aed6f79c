"""The form and the page on which a person looks at categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prefect.input import RunInput
from pydantic import Field, create_model

from tasks.report.plain import plain_cell

_SKIP = "(leave it)"


@dataclass(frozen=True, kw_only=True)
class ReviewForm:
    """A choice of category for each row of `tasks.ledger.review_queue.worth_a_look`; the models' is chosen already."""

    rows: Sequence[Mapping[str, Any]]
    names: tuple[str, ...]

    def input_type(self, description: str) -> type[RunInput]:
        """The form as Prefect takes it; `description` is markdown."""
        fields: dict[str, Any] = {"your_name": (str, Field(min_length=1, max_length=200, title="Your name"))}
        for number, row in enumerate(self.rows, start=1):
            kind: Any = Literal[(_SKIP, *dict.fromkeys((row["category"], *self.names)))]
            title = f"{number} of {len(self.rows)}: {plain_cell(row['subject'], 80)}"
            said = f"{plain_cell(row['sender'], 60)}. {plain_cell(row['summary'], 300)} ({row['why_shown']})"
            fields[self._field(row)] = (kind, Field(row["category"], title=title, description=said))
        return create_model("Review", __base__=RunInput, **fields).with_initial_data(description=description)

    def said_in(self, answer: RunInput) -> Iterator[tuple[str, Mapping[str, Any], str]]:
        """Who said it, the row, and the category, for each row that was not left alone."""
        person: str = answer.your_name  # type: ignore[attr-defined]  # a field of the form
        for row in self.rows:
            said: str = getattr(answer, self._field(row))
            if said != _SKIP:
                yield person, row, said

    @staticmethod
    def _field(row: Mapping[str, Any]) -> str:
        return f"mail_{row['message_key'][:16]}"


def review_page(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        f"| {row['category']} | {row['why_shown']} | {plain_cell(row['subject'], 60)} | "
        f"{plain_cell(row['sender'], 40)} | {plain_cell(row['summary'] or row['reason'], 200)} | "
        f"{row['message_key'][:12]} |"
        for row in rows
    ]
    head = ["| category | why shown | subject | sender | summary | key |", "| --- | --- | --- | --- | --- | --- |"]
    return "\n".join(["# Answers most worth a look", "", *head, *lines])
