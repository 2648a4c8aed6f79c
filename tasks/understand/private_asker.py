"""Replaces what identifies people in questions by placeholders, and restores it in answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import Engine

from tasks.ledger.messages import load_raw
from tasks.ledger.pseudonyms import LedgerPseudonyms
from tasks.parsing.addresses import read_addresses
from tasks.parsing.headers import read_head
from tasks.privacy.placeholders import NOTE, Hidden, hide, restore
from tasks.questions import Completion, Link, Question
from tasks.understand.protocols import Asker

T = TypeVar("T", bound=BaseModel)
_NAMED = re.compile(r"^From: (.+)$", re.MULTILINE)
_FIELDS = frozenset({"from", "to", "cc", "reply-to", "sender"})


class PrivateAsker:
    """An `Asker` in front of another. It removes known identifiers, and media, which may show people."""

    def __init__(self, asker: Asker, engine: Engine) -> None:
        self._asker = asker
        self._engine = engine
        self._pseudonyms = LedgerPseudonyms(engine)

    async def complete(
        self, question: Question[T], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[T]:
        """Ask the question without identifiers, and return the answer with the identifiers restored."""
        hidden = await asyncio.to_thread(self._hidden, question.text, (message_key, *question.about))
        asked = replace(question, text=hidden.text, media=(), instructions=f"{question.instructions}\n{NOTE}")
        completion = await self._asker.complete(asked, chain, message_key=message_key, refresh=refresh)
        unsent = (*completion.unsent, *(media.name or media.kind for media in question.media))
        return replace(completion, value=restore(completion.value, hidden.originals), unsent=unsent)

    def _hidden(self, text: str, keys: Sequence[str]) -> Hidden:
        names = {name for match in _NAMED.findall(text) for name, _ in read_addresses([match]) if name}
        return hide(text, names | set(self._header_names(keys)), self._pseudonyms)

    def _header_names(self, keys: Sequence[str]) -> Iterator[str]:
        for found in load_raw(self._engine, keys):
            fields = read_head(found["raw"]).raw_items()
            values = [str(value) for name, value in fields if name.lower() in _FIELDS]
            yield from (name for name, _ in read_addresses(values) if name)
