"""What a person changed in how a reply is written, kept as traits; the words themselves are not."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine

from tasks.ledger.effects import Effect
from tasks.ledger.sightings import sightings_of
from tasks.ledger.writing_styles import StyleRow, record_styles
from tasks.mailbox.imap.address import split_address
from tasks.parsing.languages import detect_language
from tasks.parsing.writing_style import WritingStyle, style_of
from tasks.settings.replies import bare_address

_OTHER_LENGTH = 0.25
"""A text is of another length when it is longer or shorter by this share."""


def note_edit(engine: Engine, effect: Effect, text: str) -> None:
    """Keep what of the reply's style the person who wrote `text` changed; nothing where only its matter was."""
    before = style_of(effect.content["text"], detect_language(effect.content["text"]))
    after = style_of(text, detect_language(text) or before.language)
    changed = _changed(before, after)
    if not after.language or not any(changed.values()):
        return
    source = next((source for _, source, _ in sightings_of(engine, [effect.message_key], scheme="imap")), "")
    row = StyleRow(
        mail=effect.effect_id, mailbox=split_address(source)[0] if source else "", way="edited", at=time.time(),
        recipient=bare_address(effect.content["to"]), language=after.language, **changed,
    )  # fmt: skip
    record_styles(engine, [row])


def _changed(before: WritingStyle, after: WritingStyle) -> dict[str, Any]:
    greets = (before.greeting, before.name) != (after.greeting, after.name)
    other_length = abs(after.words - before.words) > _OTHER_LENGTH * max(1, before.words)
    return {
        "greeting": after.greeting if greets else "", "name": after.name if greets else "",
        "closing": after.closing if after.closing != before.closing else "",
        "address": after.address if after.address != before.address else "",
        "words": after.words if other_length else 0,
    }  # fmt: skip
