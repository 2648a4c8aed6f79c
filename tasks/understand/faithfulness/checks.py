"""The checks themselves: each names its doubt, and none of them asks a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tasks import beside
from tasks.links import find_hosts
from tasks.parsing.languages import detect_language
from tasks.understand.dates import JOINT, days_in, has_invented_date, without_days
from tasks.understand.faithfulness.names import names_lost, unknown_name
from tasks.understand.faithfulness.negations import denies, lost_cancellation, lost_negation, said_without_denial
from tasks.understand.faithfulness.numbers import is_a_count, numbers_in, plain_digits
from tasks.understand.faithfulness.words import WORD, stem, stems_of

_READER = {
    *"you your yourself recipient reader sender author we us our team everyone anyone user customer".split(),
    *"sie ihr du euch wir alle empfänger absender vous nous tous destinataire usted ustedes vosotros nosotros".split(),
    *"destinatario lei voi noi tutti você vocês nós todos jullie wij iedereen n/a none".split(),
}
_AROUND = 250
_DIGITS = re.compile(r"\d{1,18}")
_HOUR_SIGN = r"(?:h|hrs?|heures?|uhr|horas?|ore|uur|godz\w*|时|時|시)"
_AFTERNOON = re.compile(rf"(?<!\d)(?:1[3-9]|2[0-4])(?:[:.h]00|\s?{_HOUR_SIGN})(?![^\W\d_])", re.IGNORECASE)
_TIME = re.compile(rf"\d(?:[:h]\d\d|\s?(?:{_HOUR_SIGN}|[ap]\.?\s?m|o.clock))(?![^\W\d_])", re.IGNORECASE)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_OTHER_LETTERS = re.compile(r"[Ͱ-῿぀-鿿가-힯]")


@dataclass(frozen=True)
class MailFacts:
    """What a mail says that an answer can be held against; `mail` is a row of `Messages`."""

    mail: Mapping[str, Any]

    @cached_property
    def known(self) -> str:
        """All that the model was given to read, in plain digits."""
        names = "\n".join(str(one["name"]) for one in self.mail["attachments"])
        parts = (self.mail["sender"], self.mail["sender_name"], self.mail["subject"], self.mail["text"], names)
        return plain_digits("\n".join(parts))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The beginnings of all its words."""
        text, own = self.known, self.mail["text"]
        return stems_of(own) | stems_of(text.replace(own, "\n", 1))

    @cached_property
    def named_numbers(self) -> list[tuple[frozenset[str], str]]:
        """Its numbers in the order of the text: all that each may mean, and its currency."""
        return list(numbers_in(self.known))

    @cached_property
    def rows_of_digits(self) -> frozenset[str]:
        """Its rows of digits, also between letters or marks that no pattern of numbers takes apart."""
        return frozenset(str(int(run)) for run in _DIGITS.findall(f"{self.known} {self.mail['date']}"))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers in every reading, those of its dates among them, and hours as both clocks have them."""
        found = {*self.rows_of_digits, *(value for meant, _ in self.named_numbers for value in meant)}
        hours = {int(value) for value in found if value.isdigit() and len(value) <= 2}
        found |= {str(hour + 12) for hour in hours if hour < 12} | {
            str(hour - 12) for hour in hours if 12 <= hour <= 24
        }
        return frozenset(found)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts that it names."""
        return _hosts(self.known)

    @cached_property
    def currencies(self) -> dict[str, set[str]]:
        """The currencies that each number stands with; an empty text where it stands alone."""
        found: dict[str, set[str]] = {}
        for meant, currency in self.named_numbers:
            for value in meant:
                found.setdefault(value, set()).add(currency)
        return found

    def with_beside(self) -> MailFacts:
        """What the mail says together with all that the model was shown beside it; a reply may rest on both."""
        shown = beside.words(self.mail)
        return MailFacts({**self.mail, "text": f"{self.mail['text']}\n{shown}"}) if shown else self

    @property
    def is_all_text(self) -> bool:
        """Whether the model had nothing but text to read, so that whatever is not in it is in no picture either."""
        return not self.mail["media"]


def unfaithful(answer: Mapping[str, Any], facts: MailFacts) -> list[str]:
    """The names of the doubts about an answer's faithfulness; empty where all that is checked stands in the mail."""
    doubts = [f"summary_{kind}" for kind in _not_in_mail(answer.get("summary", ""), facts, names=True)]
    wide, checks_names = facts.with_beside(), bool(facts.mail.get("passages"))
    replies = JOINT.join(answer.get("replies", []))
    # An address is a doubt of any reply, wherever it is from.
    doubts += [f"reply_{kind}" for kind in _not_in_mail(replies, wide, names=checks_names) if kind != "addresses"]
    if answer.get("summary") and _negation_lost(answer["summary"], facts):
        doubts.append("negation_lost")
    if answer.get("summary") and answer.get("translation"):
        doubts += _changed_by_translation(answer["summary"], answer["translation"])
    return doubts + _of_action_items(answer.get("action_items", []), facts)


def _not_in_mail(said: str, facts: MailFacts, *, names: bool) -> Iterator[str]:
    """What kinds of facts `said` holds that the mail does not."""
    if not said or not facts.is_all_text:
        return
    if any(_is_unknown(meant, currency, facts) for meant, currency in numbers_in(without_days(plain_digits(said)))):
        yield "numbers"
    if (named := _hosts(said)) and not named <= facts.hosts:
        yield "addresses"
    language = facts.mail["language"]
    is_like_mail = names and language and detect_language(said) == language
    if is_like_mail and unknown_name(said, facts.known, facts.stems, language):
        yield "names"


def _hosts(text: str) -> frozenset[str]:
    """Hosts and IP addresses that a text names, without what stands behind them."""
    found = (re.split(r"[/?#:]", text[start:end], maxsplit=1)[0] for start, end in find_hosts(text))
    return frozenset(host.strip(".").casefold() for host in found)


def _is_unknown(meant: frozenset[str], currency: str, facts: MailFacts) -> bool:
    if meant.isdisjoint(facts.rows_of_digits) and meant.isdisjoint(facts.numbers):
        return bool(currency) or not is_a_count(meant)
    if not currency:
        return False
    beside = {known for value in meant for known in facts.currencies.get(value, {""})}
    return "" not in beside and currency not in beside


def _negation_lost(summary: str, facts: MailFacts) -> bool:
    text, language = facts.mail["text"], facts.mail["language"]
    if lost_cancellation(facts.mail["subject"], summary):
        return True
    if detect_language(summary) != language:
        return False
    return lost_negation(text, summary, language) or said_without_denial(text, summary, language)


def _changed_by_translation(summary: str, translation: str) -> Iterator[str]:
    plain = plain_digits(translation)
    kept = {value for meant, _ in numbers_in(plain) for value in meant}
    kept |= {str(int(run)) for run in _DIGITS.findall(plain)}
    hours = {str((int(value) + 12) % 24) for value in kept if value.isdigit() and len(value) <= 2}
    compared = without_days(plain_digits(summary))
    if not _TIME.search(plain):  # `two in the afternoon`
        compared = _AFTERNOON.sub(" ", compared)
    said = [meant for meant, _ in numbers_in(compared)]
    if any(not meant & (kept | hours) and not is_a_count(meant) for meant in said):
        yield "translation_numbers"
    in_latin = all(_LATIN.search(text) and not _OTHER_LETTERS.search(text) for text in (summary, translation))
    if in_latin and names_lost(summary, translation):
        yield "translation_names"


def _of_action_items(items: list[dict[str, Any]], facts: MailFacts) -> list[str]:
    doubts = []
    if any(item["due"] and not _stands_near(item["due"], item["quote"], facts) for item in items):
        doubts.append("due_not_in_quote")
    if any(item["owner"] and not _is_known_person(item["owner"], facts) for item in items):
        doubts.append("owner_not_in_mail")
    if any(denies(item["quote"]) and not denies(item["text"]) and _turned(item, facts) for item in items):
        doubts.append("negation_lost")
    return doubts


def _turned(item: dict[str, Any], facts: MailFacts) -> bool:
    return lost_negation(item["quote"], item["text"], facts.mail["language"])


def _stands_near(due: str, quote: str, facts: MailFacts) -> bool:
    """Whether the due date's words stand in the quote, or close to it where the mail has it."""
    known = facts.known
    at = known.find(plain_digits(quote)[:40])
    near = known[max(0, at - _AROUND) : at + len(quote) + _AROUND] if at >= 0 else known
    wanted = {stem(word) for word in WORD.findall(due) if len(word) > 3} | set(re.findall(r"\d+", plain_digits(due)))
    there = stems_of(near) | set(re.findall(r"\d+", near))
    return wanted <= there or not any(ch.isascii() for ch in due) or _is_day_of(due, facts)


def _is_day_of(due: str, facts: MailFacts) -> bool:
    plain = plain_digits(due)
    return any(days_in(plain)) and not has_invented_date([plain], facts.known, facts.mail["date"])


def _is_known_person(owner: str, facts: MailFacts) -> bool:
    words = WORD.findall(owner)
    return not words or any(stem(word) in facts.stems or word.lower() in _READER for word in words)
