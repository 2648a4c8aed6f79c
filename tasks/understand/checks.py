"""Checks answers by code: they are compared with the mail. An answer that fails a check is marked, not hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from tasks.links import names_address
from tasks.parsing.languages import detect_language
from tasks.understand.faithfulness import MailFacts, unfaithful

MAX_REPLY_WORDS = 50
_SENTENCE_ENDS = re.compile(r"[.!?…]+[\"')\]»”]*(?=\s|$)|[。！？]+")
_ABBREVIATIONS = re.compile(r"\b(?:[A-Za-z]|Dr|Mr|Mrs|Ms|Nr|No|St|vs|etc|ca|bzw|usw|Sr|Sra|approx|z\.B|e\.g|i\.e)\.")
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")


def doubts_of(answer: dict[str, Any], mail: Mapping[str, Any], target_language: str | None) -> list[str]:
    """The names of the checks that this answer fails, of those that apply to its fields.

    `mail` is a row of `Messages`.
    """
    doubts = []
    if "summary" in answer and not 2 <= count_sentences(answer["summary"]) <= 3:
        doubts.append("summary_length")
    if answer.get("translation") and target_language and not is_in(answer["translation"], target_language):
        doubts.append("translation_language")
    if "translation" in answer and not answer["translation"].strip():
        doubts.append("translation_empty")
    if not all(quote_is_in(item["quote"], mail["text"]) for item in answer.get("action_items", [])):
        doubts.append("quote_not_in_mail")
    if any(count_words(reply) > MAX_REPLY_WORDS for reply in answer.get("replies", [])):
        doubts.append("reply_too_long")
    if any(names_address(reply) for reply in answer.get("replies", [])):
        doubts.append("reply_names_address")
    return doubts + unfaithful(answer, MailFacts(mail))


def quote_is_in(quote: str, text: str) -> bool:
    """Whether the text contains the quote, ignoring white space, case and Unicode forms; false for an empty quote."""
    wanted = _plain(quote)
    return bool(wanted) and wanted in _plain(text)


def count_sentences(text: str) -> int:
    """The number of sentences, by their final marks. A last part without a mark counts as one."""
    text = _ABBREVIATIONS.sub("x", text.strip())
    ends = list(_SENTENCE_ENDS.finditer(text))
    rest = text[ends[-1].end() :] if ends else text
    return len(ends) + bool(rest.strip())


def count_words(text: str) -> int:
    """The number of words between white space. In scripts without spaces, two characters count as a word."""
    wide = len(_WIDE.findall(text))
    return len(_WIDE.sub(" ", text).split()) + (wide + 1) // 2


@cache
def _checkable() -> frozenset[str]:
    return frozenset({"en", "ja", "es", "de", "fr", "zh", "ko", "ar", "ru", "it", "pt", "nl"})


def is_in(text: str, language: str) -> bool:
    """Whether a small detector recognises the text as this language; also true where it is not sure or can't know."""
    found = detect_language(text)
    return found is None or found == language or language not in _checkable()


@cache
def _marks() -> dict[int, str]:
    return str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "\u00a0": " "})


@lru_cache(maxsize=16)  # a mail's text is compared with each of its quotes
def _plain(text: str) -> str:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_marks())
    return "".join(plain.casefold().split())
