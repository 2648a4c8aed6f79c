"""How often the checks of faithfulness doubt an answer that is true, and how often they find one that is not.

Run by `make bench-doubts`. The simulator's answers are drawn from the mail itself, so a doubt about them is a false
alarm. Then one fact of each summary is changed, a number, a name or a denial; what is not doubted is missed.
With MAILROOM_CORPUS, over the labelled office mail of that folder, too. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from deployments.simulator.answers import Answerer
from tasks.ingest.rows import parse
from tasks.mailbox.sources import open_source
from tasks.providers.apis.schemas import strict_schema
from tasks.settings import Settings
from tasks.understand.answers import analysis_of
from tasks.understand.faithfulness import MailFacts, unfaithful
from tasks.understand.prompts import analysis_text
from tests.benchmarks.labelled_mails import office_mails

SAMPLE_MAILBOX = Path(__file__).resolve().parents[2] / "deployments/demo/sample_mailbox"
ASKED = analysis_of(frozenset({"summary", "translation", "action_items", "replies"}))

ANSWERER = Answerer()
Change = Callable[[str], str]


def other_number(summary: str) -> str:
    """The summary with its first number of two digits and more changed."""
    return re.sub(r"(?<![\d.,:/-])\d{2,}(?![\d.,:/-]*\d)", lambda found: str(int(found[0]) * 3 + 71), summary, count=1)


def other_name(summary: str) -> str:
    """The summary with its first name of two words changed."""
    return re.sub(r"(?<=[a-z,] )[A-Z][a-z]+ [A-Z][a-z]+", "Quirin Zwettler", summary, count=1)


def without_denial(summary: str) -> str:
    """The summary without its denials."""
    return re.sub(r"n't\b| not\b| nicht\b", "", summary)


CHANGES: dict[str, Change] = {
    "number": other_number, "name": other_name, "denial": without_denial,
}  # fmt: skip


def main() -> None:
    rows = list(_rows())
    answers = [_answer(row) for row in rows]
    alarms = Counter(doubt for row, said in zip(rows, answers, strict=True) for doubt in _doubts(row, said))
    alarmed = sum(bool(_doubts(row, said)) for row, said in zip(rows, answers, strict=True))
    print(f"{len(rows)} true answers, {alarmed} doubted: {dict(alarms.most_common())}")
    figures: dict[str, float] = {"mails": len(rows), "false_alarms": alarmed / len(rows)}
    for name, change in CHANGES.items():
        found, changed = _found(rows, answers, change)
        print(f"{name}: {found} of {changed} changed summaries doubted")
        figures[f"found_{name}"] = found / changed if changed else 0.0
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _rows() -> Iterator[dict[str, Any]]:
    settings = Settings()
    raws = list(open_source(str(SAMPLE_MAILBOX)).read())
    corpus = os.environ.get("MAILROOM_CORPUS")
    raws += [raw for raw, _known in office_mails(Path(corpus))] if corpus else []
    rows = (parse(raw, settings).row for raw in raws if not raw.foreign)
    return (row for row in rows if not row["unreadable"])


def _answer(row: Mapping[str, Any]) -> dict[str, Any]:
    text = analysis_text(row, translate_into="German (de)")
    said, _tags = ANSWERER.answer(text, orjson.dumps(strict_schema(ASKED, "openai")))
    return ASKED.model_validate_json(said).model_dump()


def _doubts(row: Mapping[str, Any], said: dict[str, Any]) -> list[str]:
    # Its translations are stand-ins for some mails, and say so.
    return unfaithful({name: value for name, value in said.items() if name != "translation"}, MailFacts(row))


def _found(rows: list[dict[str, Any]], answers: list[dict[str, Any]], change: Change) -> tuple[int, int]:
    found = changed = 0
    for row, said in zip(rows, answers, strict=True):
        summary = change(said["summary"])
        if summary != said["summary"]:
            changed += 1
            found += len(_doubts(row, {"summary": summary})) > len(_doubts(row, {"summary": said["summary"]}))
    return found, changed


if __name__ == "__main__":
    main()
