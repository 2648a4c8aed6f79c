"""The tokens of a way of asking by part: instructions, the answer's schema, the mail, the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from rich.table import Table

from deployments.simulator.wire import tokens_of
from tasks.providers.apis.schemas import strict_schema
from tasks.questions import Completion, Link, Question
from tasks.understand.protocols import Asker

PARTS = ("instructions", "schema", "mail", "answer")


@dataclass
class Scales:
    """Tokens by part, for every question's name, as the simulator counts them."""

    by_question: dict[str, Counter[str]] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)
    """Questions that were billed for something else than their parts."""

    def before(self, asker: Asker) -> Asker:
        """The asker, everything that is asked of it weighed."""
        return _Weighed(asker, self)

    def add(self, question: Question[Any], completion: Completion[Any]) -> None:
        """Note a call; pictures and documents count as mail."""
        schema = orjson.dumps(strict_schema(question.answer, "openai"))  # type: ignore[arg-type]  # a class is hashable
        instructions, shape, usage = tokens_of(question.instructions), tokens_of(schema), completion.usage
        mail = usage.input_tokens - instructions - shape
        if mail != tokens_of(question.text) and not question.media:
            self.unexplained.append(question.name)
        found = self.by_question.setdefault(question.name, Counter())
        found.update(dict(zip(PARTS, (instructions, shape, mail, usage.output_tokens), strict=True)), calls=1)


@dataclass
class _Weighed:
    asker: Asker
    scales: Scales

    async def complete(
        self, question: Question[Any], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[Any]:
        completion = await self.asker.complete(question, chain, message_key=message_key, refresh=refresh)
        if not completion.cached:
            self.scales.add(question, completion)
        return completion


def parts_table(title: str, ways: dict[str, Scales], mails: int) -> Table:
    """A row for each question of each way: tokens a mail."""
    table = Table(title=f"{title}: tokens a mail, by what they are", title_justify="left")
    for head in ("way", "question"):
        table.add_column(head)
    for head in ("calls", *PARTS, "all"):
        table.add_column(head, justify="right")
    for way, scales in ways.items():
        whole = sum(scales.by_question.values(), Counter())
        for name, found in [*scales.by_question.items(), ("all", whole)]:
            parts = [found[part] / mails for part in PARTS]
            table.add_row(way, name, f"{found['calls'] / mails:.2f}", *(f"{n:.0f}" for n in (*parts, sum(parts))))
        table.add_section()
    return table
