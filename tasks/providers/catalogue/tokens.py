"""Estimates tokens without a tokenizer, which would have to be downloaded or would take 37 MB."""

from __future__ import annotations

import json
import re
import string
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from pydantic import BaseModel

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import Traits
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Media, Question

_MARGIN = 1.1

# Tokens per byte of UTF-8, fitted to the tokenizers of gpt-4o (o200k) and Gemma over 535 texts, mostly mails, in 20
# languages. A character's first byte gives its script; the others count 0. With the margin, the typical estimate is
# 10 % too high, and one in twenty is over 12 % too low: base64, random letters, HTML. Anthropic publishes no tokenizer.
_WEIGHTS = (
    (string.ascii_lowercase.encode(), 0.13),
    (string.ascii_uppercase.encode(), 0.16),
    (string.digits.encode(), 1.3),
    (string.punctuation.encode(), 0.2),
    (b" ", 0.5),
    (b"\n", 1.26),
    (range(0xC2, 0xCC), 0.94),  # Latin letters with marks
    (range(0xCC, 0xD0), 0.34),  # Greek
    (range(0xD0, 0xD4), 0.22),  # Cyrillic
    (range(0xD4, 0xE0), 0.29),  # Armenian, Hebrew, Arabic
    (range(0xE0, 0xE2), 0.27),  # scripts of India and Indochina
    (b"\xe2", 1.7),  # signs
    (b"\xe3", 0.71),  # kana
    (range(0xE4, 0xEA), 0.55),  # Han
    (range(0xEA, 0xEE), 0.51),  # Hangul
    (b"\xee\xef", 2.0),  # wide forms
    (range(0xF0, 0xF5), 0.9),  # emoji
)
_TABLE = np.zeros(256)
for _bytes, _weight in _WEIGHTS:
    _TABLE[list(_bytes)] = _weight * _MARGIN


def estimate_tokens(text: str) -> int:
    """The estimated tokens of `text`, rather too many than too few. A longer text never has fewer."""
    if not text:
        return 0
    counts = np.bincount(np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8), minlength=256)
    return int(counts @ _TABLE) + 1


def question_tokens(question: Question[Any]) -> int:
    """The estimated input tokens of a question: its text, its answer's schema, and its media."""
    answer: type[BaseModel] = question.answer
    return (
        _stable_tokens(question.instructions, answer)
        + estimate_tokens(question.text)
        + sum(map(_media_tokens, question.media))
    )


def asked_tokens(question: Question[Any], provider: str) -> int:
    """About how many tokens this provider counts as a question's input; some make more of the same text than others."""
    return ceil(question_tokens(question) * sheet_of(provider).estimate_factor)


def answer_tokens(question: Question[Any], account: ProviderAccount, takes: Traits) -> int:
    """The most output tokens of a call: those of the answer, plus thinking tokens where the model has them."""
    most = (question.max_tokens or account.max_tokens) + takes.thinking_tokens
    return most if question.output_limit is None else min(most, question.output_limit)


@lru_cache(maxsize=64)
def _stable_tokens(instructions: str, answer: type[BaseModel]) -> int:
    return estimate_tokens(instructions) + estimate_tokens(json.dumps(answer.model_json_schema()))


# The highest counts in the providers' documentation: Anthropic's for an image and a page, Google's for a second of
# audio (32) and of video (300), at low bit rates. Media are not decoded, so these estimates are rather too high.
_IMAGE = 1_600
_PAGE = 2_500
_PER_KB = {"audio": 10, "video": 8}
_PAGE_KB = 20
_PAGES = re.compile(rb"/Type\s?/Page\b")


def _media_tokens(part: Media) -> int:
    kilobytes = len(part.data) // 1_000 + 1
    if part.kind == "image":
        return _IMAGE
    if part.kind == "pdf":  # pages in compressed streams cannot be seen
        return _PAGE * (len(_PAGES.findall(part.data)) or kilobytes // _PAGE_KB + 1)
    return _PER_KB[part.kind] * kilobytes
