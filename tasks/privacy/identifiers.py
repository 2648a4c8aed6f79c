"""Finds identifiers in text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from stdnum import iban, luhn

Kind = Literal["PERSON", "EMAIL", "PHONE", "IBAN", "CARD"]

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b")
_CARD = re.compile(r"(?<!\d)[3-6]\d{3}(?:[ -]?\d){9,15}(?!\d)")
_WORD = re.compile(r"[^\W\d_][\w'’-]+")
_SHORTEST_NAME = 3


@dataclass(frozen=True, kw_only=True)
class Identifier:
    """A span of text. Each spelling of a person or number is a `text` of its own, so that it can be restored."""

    start: int
    end: int
    kind: Kind
    text: str


def find_identifiers(text: str, names: Iterable[str]) -> list[Identifier]:
    """All known identifiers in order, without overlaps: the longer one of two counts.

    `names` are display names from headers. Their single words are identifiers, too.
    """
    found = [*_emails(text), *_ibans(text), *_cards(text), *_phones(text), *_persons(text, names)]
    kept: list[Identifier] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _emails(text: str) -> Iterator[Identifier]:
    return (_found("EMAIL", match) for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[Identifier]:
    for match in _IBAN.finditer(text):
        # The words after one may look like its continuation: the longest valid part counts.
        pieces = [match.end(), *(match.start() + at for at in range(len(match[0]) - 1, 14, -1) if match[0][at] in " -")]
        end = next((end for end in pieces if iban.is_valid(text[match.start() : end])), None)
        if end:
            yield Identifier(start=match.start(), end=end, kind="IBAN", text=text[match.start() : end])


def _cards(text: str) -> Iterator[Identifier]:
    return (_found("CARD", match) for match in _CARD.finditer(text) if luhn.is_valid(re.sub(r"\D", "", match[0])))


def _phones(text: str) -> Iterator[Identifier]:
    # Without a country only international numbers count: of random ten digits two in five would be "valid" somewhere.
    for match in phonenumbers.PhoneNumberMatcher(text, None):
        yield Identifier(start=match.start, end=match.end, kind="PHONE", text=match.raw_string)


def _persons(text: str, names: Iterable[str]) -> Iterator[Identifier]:
    wanted = {name.strip() for name in names} | {word for name in names for word in _WORD.findall(name)}
    usable = sorted((name for name in wanted if len(name) >= _SHORTEST_NAME), key=len, reverse=True)
    if usable:
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, usable))})(?!\w)")
        yield from (_found("PERSON", match) for match in pattern.finditer(text))


def _found(kind: Kind, match: re.Match[str]) -> Identifier:
    return Identifier(start=match.start(), end=match.end(), kind=kind, text=match[0])
