"""Finds answers that fit their schema but have little content, as small models give them, and marks them as doubts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

from tasks import beside
from tasks.categories import DEFAULT_CATEGORIES
from tasks.frames import COMPLEXITIES
from tasks.links import names_address
from tasks.understand import prompts
from tasks.understand.answers import Triage
from tasks.understand.checks import count_words
from tasks.understand.dates import has_invented_date
from tasks.understand.marketing_signs import looks_like_marketing
from tasks.understand.scripts import is_foreign, is_unlike

MARKETING = "MARKETING"
"""The one category that is worth no further question, so that a mail sorted there by mistake is read by nobody."""
_SENTENCE_WORDS = 4
"""So many words are taken for a sentence without a mark at its end, too."""
_ECHO_WORDS = 5
"""So many words of the question in a row are no chance."""
_REPEATED_WORDS = 4
_WORDS = re.compile(r"\w+")
_MARKS = re.compile(r"[\W_]+")
_WITHOUT_MARKS = {code: None for code in range(128) if not chr(code).isalnum()}
_ENDED = re.compile(r"[.!?…。！？।؟][\"')\]»”’]*$")
_BLANKS = re.compile(r"\[[^\[\]\n]{2,60}\]|\{\{?[^{}\n]{2,60}\}?\}|<[A-Za-z][A-Za-z _'-]{1,60}>|\bX{3,}\b|_{3,}")
_BLANK_NEAR = re.compile(r"[\[{<]|XXX|___")
_NUMBERED = re.compile(r"^\W*(?:reply|response|answer|option|antwort|respuesta|réponse)\W*(?:\d+|[a-c])?\W*$", re.I)
_NOTHING_SAID = frozenset(
    "string text null none na tbd todo summary translation reply replies quote first second third owner due "
    "actionitems example placeholder loremipsum thesummary thetranslation asentence".split()
)
_NO_REASON = {
    *_NOTHING_SAID, *Triage.model_fields, *COMPLEXITIES, "needsreply", *map(str.lower, DEFAULT_CATEGORIES.names),
}  # fmt: skip
"""A field, or one of its values, in the place of a reason."""


def triage_doubts(category: str, mail: Mapping[str, Any], reason: str = "") -> list[str]:
    """The names of the checks a triage fails; `mail` has the columns of `Messages`."""
    found = {
        "marketing_without_signs": category == MARKETING and not looks_like_marketing(mail),
        "template_echo": bool(reason) and _letters(reason) in {*_NO_REASON, _letters(category)},
    }
    return [name for name, holds in found.items() if holds]


def weak_answer_doubts(answer: Mapping[str, Any], mail: Mapping[str, Any], target_language: str | None) -> list[str]:
    """The names of the checks this answer fails; `mail` has the columns of `Messages`."""
    own = f"{mail['subject']}\n{mail['text']}"
    replies: Sequence[str] = answer.get("replies", ())
    summary, translation = answer.get("summary", ""), answer.get("translation", "")
    said = [text for text in (summary, translation, *_of_items(answer)) if text]
    shown = f"{own}\n{more}" if (more := beside.words(mail)) else own  # on which a reply may rest, too
    found = {
        "summary_language": is_unlike(summary, mail["text"], mail["language"]),
        "translation_language": bool(target_language) and is_foreign(translation, target_language or "", own),
        "replies_alike": any(_letters(one) == _letters(other) for one, other in combinations(replies, 2)),
        "reply_no_sentence": any(not is_sentence(reply) for reply in replies if not names_address(reply)),
        "reply_repeats_mail": any(_repeats(reply, shown) for reply in replies),
        "template_echo": any(echoes(text, own) for text in said) or any(echoes(text, shown) for text in replies),
        "invented_date": not mail["media"]
        and (has_invented_date(said, own, mail["date"]) or has_invented_date(replies, shown, mail["date"])),
    }
    return [name for name, holds in found.items() if holds]


def is_sentence(text: str) -> bool:
    """Whether it has words and an end, or words enough; a list, an object or one bare word is none."""
    text = text.strip()
    if text[:1] in "{[<`" or not any(map(str.isalpha, text)):
        return False
    return bool(_ENDED.search(text)) or count_words(text) >= _SENTENCE_WORDS


def echoes(text: str, own: str) -> bool:
    """Whether it is a field's name, the question's own words, or a form with blanks; `own` are the mail's words."""
    if _letters(text) in _NOTHING_SAID or _NUMBERED.match(text) or beside.has_mark(text):
        return True
    if _BLANK_NEAR.search(text) and any(blank not in own for blank in _BLANKS.findall(text)):
        return True
    echoed = _OF_PROMPTS.intersection(_runs(text))
    return bool(echoed and echoed.difference(_runs(own)))


def _of_items(answer: Mapping[str, Any]) -> Iterable[str]:
    return (text for item in answer.get("action_items", ()) for text in (item["text"], item["due"]) if text)


def _repeats(reply: str, own: str) -> bool:
    return count_words(reply) >= _REPEATED_WORDS and _letters(reply) in _letters(own)


@lru_cache(maxsize=64)
def _letters(text: str) -> str:
    """The text's letters and digits alone, so that marks and blanks make no other answer of it."""
    if text.isascii():
        return text.lower().translate(_WITHOUT_MARKS)
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _runs(text: str) -> Iterable[tuple[str, ...]]:
    """All runs of so many words."""
    spoken = _WORDS.findall(text.casefold())
    return zip(*(spoken[start:] for start in range(_ECHO_WORDS)), strict=False)


_OF_PROMPTS = frozenset(_runs("\n".join(prompts.fixed_words())))
