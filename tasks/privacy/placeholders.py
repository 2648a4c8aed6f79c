"""Placeholders for identifiers. The same text always gets the same placeholder, which does not reveal the text."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from pydantic import BaseModel

from tasks.privacy.identifiers import Identifier, find_identifiers

T = TypeVar("T")
PLACEHOLDER = re.compile(r"\b(?:PERSON|EMAIL|PHONE|IBAN|CARD)_[A-Z2-7]{10}\b", re.IGNORECASE)
NOTE = "Words such as PERSON_ABCDEFGHIJ stand for names and numbers; where you need them, copy them letter by letter."


class Pseudonyms(Protocol):
    """The store of what placeholders stand for. The ledger implements it."""

    def key(self) -> bytes:
        """The secret from which placeholders are derived. It never changes."""

    def remember(self, originals: Mapping[str, str]) -> None:
        """Store what these placeholders stand for."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """A text with placeholders, and what they stand for."""

    text: str
    originals: Mapping[str, str]


def hide(text: str, names: Iterable[str], pseudonyms: Pseudonyms) -> Hidden:
    """The text with a placeholder for every known identifier. What they stand for is stored before the return."""
    found, key = find_identifiers(text, names), pseudonyms.key()
    hidden = {one: _placeholder(one, key) for one in found}
    originals = {placeholder: one.text for one, placeholder in hidden.items()}
    pseudonyms.remember(originals)
    parts, at = [], 0
    for one, placeholder in hidden.items():
        parts += [text[at : one.start], placeholder]
        at = one.end
    return Hidden(text="".join([*parts, text[at:]]), originals=originals)


def restore(value: T, originals: Mapping[str, str]) -> T:
    """The value (texts, lists, models) with what its placeholders stand for.

    Only those of the question: a mail that holds another's placeholder learns nothing from it.
    """
    return cast(T, _replace(value, originals))


def _placeholder(one: Identifier, key: bytes) -> str:
    tag = hmac.digest(key, f"{one.kind}\0{one.text}".encode(), "sha256")
    return f"{one.kind}_{base64.b32encode(tag)[:10].decode()}"


def _replace(value: object, known: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: known.get(match[0].upper(), match[0]), value)
    if isinstance(value, BaseModel):
        names = type(value).model_fields
        return value.model_copy(update={name: _replace(getattr(value, name), known) for name in names})
    if isinstance(value, (list, tuple)):
        return type(value)(_replace(one, known) for one in value)
    return value
