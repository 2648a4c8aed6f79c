"""Reads the mails of a chunk with models, all at the same time. A mail that cannot be read gets an error instead."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, TypeVar

from pandera.typing import DataFrame
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from tasks import beside
from tasks.categories import DEFAULT_CATEGORIES, Categories
from tasks.errors import (
    AwaitingBatch,
    BudgetExceeded,
    CallError,
    MailroomError,
    Misconfigured,
    OwnFault,
    Stopped,
    Unreadable,
)
from tasks.frames import Analysis, Messages, Readings, records
from tasks.known import BY_MODEL, KnownCategory
from tasks.parsing.languages import parse_language
from tasks.questions import Completion, Link, Question
from tasks.understand import prompts
from tasks.understand.answers import Answer, Triage, analysis_of, triage_of, wanted_fields
from tasks.understand.checks import doubts_of, quote_is_in
from tasks.understand.in_parts import is_long, notes_on
from tasks.understand.models_by_price import complexity_by_length
from tasks.understand.protocols import Asker, Choice, Models, SetAside, Worth
from tasks.understand.triage_together import Group, Together, ask_together
from tasks.understand.weak_answers import triage_doubts, weak_answer_doubts

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger("mailroom.understand")

NOTHING_KNOWN: Mapping[str, KnownCategory] = MappingProxyType({})

_TRIAGE_TOKENS = 300
"""Output tokens for a triage; most need a quarter of it. One that is cut is asked again with the provider's limit."""


async def understand(
    messages: DataFrame[Messages], asker: Asker, models: Models, worth: Worth, *,
    categories: Categories = DEFAULT_CATEGORIES, refresh: bool = False, mails_per_call: int = 1,
    group: Group | None = None, part_tokens: int | None = None, set_aside: SetAside | None = None,
    known: Mapping[str, KnownCategory] = NOTHING_KNOWN,
) -> DataFrame[Readings]:  # fmt: skip
    """One row for each mail, in the order of `messages`.

    With `mails_per_call` above 1, short mails are triaged together; `group` records which. Mails of more than
    `part_tokens` are read in parts. `set_aside` reserves money for a whole mail while it is read. `known` has the
    categories that are known beforehand, by message_key.
    """
    mails = records(messages)
    together = Together({})
    if group is not None and mails_per_call > 1 and mails:
        chain, _reason = models.for_triage(mails[0])
        sorted_by_model = [mail for mail in mails if mail["message_key"] not in known]
        together = ask_together(sorted_by_model, mails_per_call, asker, chain, group, categories, refresh=refresh)
    reader = _Reader(asker, models, worth, categories, refresh, together, part_tokens, set_aside, known)
    return Readings.of(list(await asyncio.gather(*(reader.read(mail) for mail in mails))))


@dataclass
class _Notes:
    """Notes on one mail's answers, collected as they arrive."""

    calls: int = 0
    cached: int = 0
    provider: str = ""
    model: str = ""
    reasons: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    simulated: bool = False
    sorted_by: str = BY_MODEL

    def add(self, completion: Completion[Any], reason: str) -> None:
        self.calls += max(1, completion.attempts)
        self.cached += completion.cached
        self.provider, self.model = completion.provider, completion.model
        self.simulated = self.simulated or completion.simulated
        self.reasons += [text for text in (reason, completion.moved_on) if text]
        self.doubts += [f"not_sent:{name}" for name in completion.unsent]


@dataclass(frozen=True)
class _Reader:
    asker: Asker
    models: Models
    worth: Worth
    categories: Categories
    refresh: bool
    together: Together
    part_tokens: int | None
    set_aside: SetAside | None
    known: Mapping[str, KnownCategory]
    logged: set[str] = field(default_factory=set)
    """Codes of the provider's or the run's errors that were logged for this chunk."""

    async def read(self, mail: dict[str, Any]) -> dict[str, Any]:
        began, notes = time.perf_counter(), _Notes(doubts=list(mail["doubts"]))
        found: dict[str, Any] = {}
        error: MailroomError | None = None
        try:
            if mail["unreadable"]:
                raise Unreadable(mail["unreadable"])
            with self.set_aside(mail) if self.set_aside else nullcontext():
                await self._ask(mail, notes, found)
        except (AwaitingBatch, BudgetExceeded, Stopped) as failure:
            error = failure  # which concerns the run, and is told once
        except CallError as failure:
            error = failure
            notes.calls += getattr(failure, "sent", 0)
            self._log(mail["message_key"], failure)
        except (Misconfigured, SQLAlchemyError):
            raise  # no mail is to blame, and none can be read
        except Exception as failure:
            # Its words may quote the mail, so only its kind is told; and no mail takes its chunk along.
            error = OwnFault(f"Reading the mail broke off with {type(failure).__name__}.")
            log.error("mail %s: %s", mail["message_key"][:12], error, extra={"message_key": mail["message_key"]})
        row = blank_reading(mail["message_key"], error) | _of_notes(notes)
        return row | found_columns(found, error) | {"seconds": time.perf_counter() - began}

    def _log(self, key: str, failure: CallError | BudgetExceeded) -> None:
        """Log one line for each mail; errors of the provider or the run are logged once for each chunk."""
        if failure.concerns == "mail":
            log.warning("mail %s: %s %s", key[:12], failure.code, failure.advice, extra={"message_key": key})
        elif failure.code not in self.logged:
            self.logged.add(failure.code)
            log.warning("from mail %s on: %s %s", key[:12], failure.code, failure.told, extra={"message_key": key})

    async def _ask(self, mail: dict[str, Any], notes: _Notes, found: dict[str, Any]) -> None:
        triage = await self._triage(mail, notes)
        found |= triage.model_dump() | {"sorted_by": notes.sorted_by}
        if notes.sorted_by == BY_MODEL:  # what an operator said is not doubted
            notes.doubts += triage_doubts(triage.category, mail, triage.reason)
        wanted = wanted_fields(self.worth({**mail, **found}))
        if wanted:
            translate = mail["target_language"] if "translation" in wanted else None
            found |= await self._analyse(mail, triage, wanted, translate, notes)
            notes.doubts += doubts_of(found, mail, translate) + weak_answer_doubts(found, mail, translate)
            for item in found.get("action_items", []):
                item["quote_found"] = quote_is_in(item["quote"], mail["text"])

    async def _triage(self, mail: dict[str, Any], notes: _Notes) -> Triage:
        known = self.known.get(mail["message_key"])
        if known is None:
            return await self._asked_triage(mail, notes)
        notes.sorted_by = known.by
        own = {"category": known.category, "confidence": known.confidence, "reason": known.why}
        if known.needs_reply is not None:
            length = complexity_by_length(int(mail["tokens"]))
            return Triage(**own, language=mail["language"] or "und", needs_reply=known.needs_reply, complexity=length)
        return (await self._asked_triage(mail, notes)).model_copy(update=own)

    async def _asked_triage(self, mail: dict[str, Any], notes: _Notes) -> Triage:
        given = await self.together.answer(mail["message_key"])
        if given is not None:
            first, shared = given
            notes.add(shared, "")
        else:
            chain, reason = self.models.for_triage(mail)
            completion = await self._complete(triage_question(mail, self.categories), chain, mail)
            first = completion.value
            notes.add(completion, reason)
        again = self.models.for_second_triage(first)
        return await self._second_triage(first, again, mail, notes) if again else first

    async def _second_triage(self, first: Triage, again: Choice, mail: dict[str, Any], notes: _Notes) -> Triage:
        chain, reason = again
        question = replace(
            triage_question(mail, self.categories, whole=not is_long(mail, self.part_tokens)), follows=True
        )
        try:
            second = await self._complete(question, chain, mail)
        except CallError as failure:  # the doubtful first answer is used
            notes.reasons.append(f"no second triage: {failure.code}")
            return first
        notes.add(second, reason)
        return second.value

    async def _analyse(
        self, mail: dict[str, Any], triage: Triage, wanted: frozenset[Any], translate: str | None, notes: _Notes
    ) -> dict[str, Any]:
        chain, reason = self.models.for_analysis(mail, triage)
        into = label(translate) if translate else None
        items: list[Any] | None = None
        if is_long(mail, self.part_tokens):
            mail, items = await self._noted(mail, notes)
        completion = await self._complete(analysis_question(mail, wanted, into), chain, mail)
        notes.add(completion, reason)
        found = completion.value.model_dump()
        # The quotes of a long mail stand in its parts; the notes on them hold none.
        return found if items is None or "action_items" not in found else found | {"action_items": items}

    async def _noted(self, mail: dict[str, Any], notes: _Notes) -> tuple[dict[str, Any], list[Any]]:
        """The mail with the notes on its parts as its text, and the parts' action items."""
        assert self.part_tokens is not None
        chain, _reason = self.models.for_triage(mail)
        noted, items, answers = await notes_on(
            mail, self.part_tokens, lambda question: self._complete(question, chain, mail)
        )
        for answer in answers:
            notes.add(answer, "")
        notes.reasons.append(f"read in {len(answers)} parts")
        return noted, items

    async def _complete(self, question: Question[T], chain: Sequence[Link], mail: dict[str, Any]) -> Completion[T]:
        return await self.asker.complete(question, chain, message_key=mail["message_key"], refresh=self.refresh)


def triage_question(mail: Mapping[str, Any], categories: Categories, *, whole: bool = False) -> Question[Triage]:
    """The first question about one mail; of a long one it shows the beginning and the end, or the whole."""
    whole = whole or categories.prompt.whole
    return Question(
        name="triage", version=prompts.TRIAGE_VERSION, text=prompts.triage_text(mail, whole=whole),
        instructions=prompts.triage(categories, language_known=bool(mail["language"])),
        answer=triage_of(mail["language"], categories.names), max_tokens=_TRIAGE_TOKENS,
    )  # fmt: skip


def analysis_question(
    mail: Mapping[str, Any], wanted: frozenset[Analysis], translate_into: str | None
) -> Question[Answer]:
    """The second question about one mail; `translate_into` is a language as `Japanese (ja)`."""
    mail = mail if "replies" in wanted else beside.without_replies(mail)
    return Question(
        name="analysis", version=prompts.ANALYSIS_VERSION, instructions=prompts.analysis(wanted, beside.told(mail)),
        text=prompts.analysis_text(mail, translate_into=translate_into), answer=analysis_of(wanted),
        media=tuple(mail["media"]), follows=True, about=beside.keys(mail),
    )  # fmt: skip


def label(code: str) -> str:
    """The language's name in a question: `Japanese (ja)`."""
    language = parse_language(code)
    return f"{language.english_name} ({language.code})"


def blank_reading(message_key: str, error: MailroomError | None) -> dict[str, Any]:
    """The row of a mail without answers, or of one that failed with this error."""
    return {
        "message_key": message_key, "category": None, "language": "", "needs_reply": False, "complexity": None,
        "confidence": None, "sorted_by": "", "reason": "", "summary": "", "translation": "", "action_items": [],
        "replies": [], "doubts": [], "provider": "", "model": "", "model_reason": "", "calls": 0, "cached_calls": 0,
        "simulated": False, "seconds": 0.0,
        "error_type": error.code if error else None, "error": describe(error) if error else "",
        "curable": error is not None and error.curable,
    }  # fmt: skip


def describe(error: MailroomError) -> str:
    """The error's message and advice in one line. It never has words of the mail."""
    return error.told[:500]


def found_columns(found: dict[str, Any], error: MailroomError | None) -> dict[str, Any]:
    """The answers as columns; category stays null when the mail failed, for exactly one of the two is."""
    columns = {name: value for name, value in found.items() if name in Readings.names()}
    if error:
        columns["category"] = None
    if "action_items" in columns:
        columns["action_items"] = [dict(item) for item in columns["action_items"]]
    return columns


def lost_readings(chunk: DataFrame[Messages], why: MailroomError) -> DataFrame[Readings]:
    """Rows for a chunk whose task failed."""
    return Readings.of([blank_reading(key, why) for key in chunk["message_key"]])


def _of_notes(notes: _Notes) -> dict[str, Any]:
    return {
        "calls": notes.calls,
        "cached_calls": notes.cached,
        "provider": notes.provider,
        "model": notes.model,
        "model_reason": "; ".join(dict.fromkeys(notes.reasons)),
        "doubts": list(dict.fromkeys(notes.doubts)),
        "simulated": notes.simulated,
    }
