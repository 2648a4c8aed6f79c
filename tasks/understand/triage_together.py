"""Triages several short mails in one call, which saves most of the instructions, with the safeguards that this needs.

A mail is grouped with others only if it is short and does not seem to address a model. Each group has a control mail
with a known category: if its answer is wrong, a mail has influenced the answers, and none of them is used. A mail whose
answer is missing, duplicated or unreadable is asked about alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tasks.categories import Categories
from tasks.errors import Permanent
from tasks.questions import Completion, Link, Question
from tasks.understand import prompts
from tasks.understand.answers import Triage, Triages, triages_of
from tasks.understand.protocols import Asker

SHORT_TOKENS = 500
_ANSWER_TOKENS = 200
"""Output tokens for one mail's answer; most need half of it."""

# Words that address a model, in the languages of such attacks. A false match costs one call; a missed one is caught by
# the control mail.
_TO_A_MODEL = re.compile(
    r"\[/?mail\b|\b(?:system|previous|above|prior|earlier)\s+(?:prompts?|instructions?|rules)\b|\blanguage model\b"
    r"|\bLLM\b|\bAI (?:model|assistant|system|agent)s?\b"
    r"|\b(?:ignore|disregard|forget|override|ignorier\w*|vergiss|ignorez|oubliez|"
    r"ignora\w*|olvida\w*|無視)\b.{0,60}\b(?:instru\w+|anweisung\w*|prompts?|rules|regeln|指示)|\byou are now\b|"
    r"\b(?:classif\w+|categori[sz]\w+|needs_reply|json)\b|"
    r"\b(?:all|every|other|each)\b[^.\n]{0,30}\b(?:e-?mails?|mails?|messages?)\b[^.\n]{0,60}\b(?:as|is|are|to be)\b",
    re.IGNORECASE | re.DOTALL,
)

# No attacker wants all mails to be meetings that need no answer, so an instruction for all mails changes this answer.
_CONTROL_CATEGORY = "MEETING"
_CONTROL: dict[str, Any] = {
    "sender": "Maria Lindqvist <maria@lindqvist.example>",
    "subject": "Meeting on Thursday confirmed",
    "date": "",
    "attachments": [],
    "text": "The meeting on Thursday at 3 pm takes place in room 2 as planned. For your information only.",
}


Group = Callable[[Sequence[str]], str]
"""Records which mails are asked about together, and returns the key for their call's bill."""

Answered = tuple[Triage, Completion[Triages]]


@dataclass(frozen=True)
class Together:
    """The groups in flight, by mail."""

    groups: Mapping[str, asyncio.Task[dict[str, Answered]]]

    async def answer(self, message_key: str) -> Answered | None:
        """The group's answer for the mail; null if it is in no group or must be asked about alone.

        Raises the call's error, unless one of the mails is its cause.
        """
        group = self.groups.get(message_key)
        return None if group is None else (await asyncio.shield(group)).get(message_key)


def ask_together(
    mails: Sequence[Mapping[str, Any]],
    size: int,
    asker: Asker,
    chain: Sequence[Link],
    group: Group,
    categories: Categories,
    *,
    refresh: bool,
) -> Together:
    """Start calls about the mails that may be grouped, with at most `size` mails each.

    If the categories lack the control mail's, each mail is asked about alone.
    """
    together = size > 1 and has_control(categories)
    fit = [mail for mail in mails if may_be_asked_together(mail)] if together else []
    groups: dict[str, asyncio.Task[dict[str, Answered]]] = {}
    for start in range(0, len(fit), size):
        some = fit[start : start + size]
        if len(some) > 1:
            task = asyncio.ensure_future(_ask(some, asker, chain, group, categories, refresh))
            groups |= {mail["message_key"]: task for mail in some}
    return Together(groups)


def has_control(categories: Categories) -> bool:
    """Whether mails that are sorted into these may be asked about together."""
    return _CONTROL_CATEGORY in categories.names


def may_be_asked_together(mail: Mapping[str, Any]) -> bool:
    """Whether a mail is short enough and has no words that may address a model."""
    if mail["unreadable"] or mail["tokens"] >= SHORT_TOKENS:
        return False
    return not _TO_A_MODEL.search(f"{mail['sender']}\n{mail['subject']}\n{mail['text']}")


def together_question(mails: Sequence[Mapping[str, Any]], categories: Categories) -> Question[Triages]:
    """One question about all of these mails and the control mail."""
    blocks = [prompts.triage_text(mail) for mail in mails]
    control = control_mail(mails)
    blocks.insert(int(control["message_key"][:8], 16) % (len(mails) + 1), prompts.triage_text(control))
    return Question(
        name="triage_together",
        version=prompts.TRIAGE_TOGETHER_VERSION,
        instructions=prompts.triage_together(categories),
        text="\n\n".join(blocks),
        answer=triages_of(categories.names),
        max_tokens=_ANSWER_TOKENS * len(blocks),
    )


def control_mail(mails: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The control mail of this group. Its key, and so its tag and place, is derived from all mails of the group."""
    return {**_CONTROL, "message_key": sha256("".join(mail["message_key"] for mail in mails).encode()).hexdigest()}


def sorted_out(mails: Sequence[Mapping[str, Any]], answer: Triages) -> dict[str, Triage]:
    """The usable answers by message_key; none if the control mail's answer is wrong."""
    by_tag: dict[str, list[Triage]] = {}
    for entry in answer.mails:
        by_tag.setdefault(entry.key, []).append(Triage.model_validate(entry.model_dump(exclude={"key"})))
    control = by_tag.get(prompts.tag_of(control_mail(mails)["message_key"]), [])
    if len(control) != 1 or control[0].category != _CONTROL_CATEGORY or control[0].needs_reply:
        return {}
    tags = {prompts.tag_of(mail["message_key"]): mail["message_key"] for mail in mails}
    return {key: by_tag[tag][0] for tag, key in tags.items() if len(by_tag.get(tag, [])) == 1}


async def _ask(
    mails: Sequence[Mapping[str, Any]],
    asker: Asker,
    chain: Sequence[Link],
    group: Group,
    categories: Categories,
    refresh: bool,
) -> dict[str, Answered]:
    group_key = await asyncio.to_thread(group, [mail["message_key"] for mail in mails])
    try:
        completion = await asker.complete(
            together_question(mails, categories), chain, message_key=group_key, refresh=refresh
        )
    except Permanent:
        return {}  # one of the mails causes the error, so each is asked about alone
    found = sorted_out(mails, completion.value)
    return {key: (triage, completion) for key, triage in found.items()}
