"""Replies whose right handling is known, where MAILROOM_CASES names a folder of them (`wire/*.http`).

Each file is a whole reply, sent as it is; those of one API are also those of whoever else speaks it.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest

from tasks.categories import DEFAULT_CATEGORIES
from tasks.errors import BadAnswer, Misdirected, OutOfFunds, RateLimited
from tasks.understand.understand import triage_question
from tests.made_rows import message_row
from tests.tasks.providers.at_the_wire import Wire
from tests.tasks.providers.far_side import Reply

CASES = os.environ.get("MAILROOM_CASES", "")
pytestmark = pytest.mark.skipif(not CASES, reason="MAILROOM_CASES names no folder of replies")

QUESTION = triage_question(message_row(), DEFAULT_CATEGORIES)
FAIL: dict[str, tuple[type[Exception], str]] = {
    "openai-404-model": (Misdirected, "_MODEL"),
    "openai-redirect-301": (Misdirected, "_BASE_URL"),
    "openai-403-model": (Misdirected, "not open to this account"),
    "openai-200-error": (RateLimited, ""),
    "openai-ra-3600": (RateLimited, "for 60 min"),
    "openai-empty-list": (BadAnswer, ""),
    "anthropic-400-spend": (OutOfFunds, "until 2026-12-01"),
}
ANSWERED = {"openai-fences": 200, "openai-finish-null": 200, "openai-usage-string": 200, "openai-usage-missing": 0}
"""Input tokens that the book has then."""
SPOKEN = {"openai": ("openai", "local"), "anthropic": ("anthropic",)}
names = itertools.count()


def reply_of(name: str) -> Reply:
    head, _, body = (Path(CASES) / "wire" / f"{name}.http").read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")
    first, *lines = head.decode().split("\n")
    fields = (line.split(": ", 1) for line in lines)
    headers = {key: value for key, value in fields if key != "content-length"}
    return Reply(int(first.split()[1]), body, headers)


def each(cases: Any) -> list[tuple[str, str]]:
    return [(sdk, name) for name in cases for sdk in SPOKEN[name.partition("-")[0]]]


@pytest.mark.parametrize(("sdk", "name"), each(FAIL))
def test_a_reply_that_fails_is_what_it_says(wire: Wire, sdk: str, name: str) -> None:
    error, words = FAIL[name]
    with pytest.raises(error) as caught:
        wire.ask(sdk, reply_of(name), f"case {next(names)}", question=QUESTION)
    assert words in str(caught.value)
    assert len(wire.requests) <= (2 if error is BadAnswer else 4)


@pytest.mark.parametrize(("sdk", "name"), each(ANSWERED))
def test_a_reply_that_answers_is_taken_at_once_and_booked(wire: Wire, sdk: str, name: str) -> None:
    mail = f"case {next(names)}"
    found = wire.ask(sdk, reply_of(name), mail, question=QUESTION)
    assert (found.value.category, found.value.confidence, found.attempts) == ("URGENT", 0.9, 1)
    (row,) = wire.rows(mail)
    assert row.input_tokens == ANSWERED[name]
    unknown = sdk == "openai" and not ANSWERED[name]
    assert (found.price_usd is None) == (row.price_nusd is None) == unknown


def test_every_case_is_judged_here() -> None:
    assert {path.stem for path in (Path(CASES) / "wire").glob("*.http")} <= {*FAIL, *ANSWERED}
