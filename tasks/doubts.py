"""Doubts: what checks by code found wrong with an answer, or missing in its mail.

A doubt is a name, such as `quote_not_in_mail`; some say of what after a colon, as `not_sent:photo.png`.
"""

from __future__ import annotations

from collections.abc import Iterable

MEANINGS = {
    "summary_length": "The summary has not 2 or 3 sentences.",
    "summary_numbers": "The summary has a number or a sum that is not in the mail.",
    "summary_names": "The summary names somebody or something that the mail does not.",
    "summary_addresses": "The summary names a host that is not in the mail.",
    "negation_lost": "The mail says that something is not so or not to be done, and the answer says the opposite.",
    "summary_language": "The summary is not in the mail's language.",
    "translation_language": "The translation is not in the language asked for.",
    "translation_empty": "There is no translation.",
    "translation_numbers": "The translation lacks a number of the summary.",
    "translation_names": "The translation lacks a name of the summary.",
    "due_not_in_quote": "An action item is due on a day that does not stand where its quote does.",
    "owner_not_in_mail": "An action item is for somebody whom the mail does not name.",
    "quote_not_in_mail": "An action item rests on words that are not in the mail.",
    "reply_too_long": "A suggested reply has more than 50 words.",
    "reply_names_address": "A suggested reply names a link or an address; it is never used.",
    "reply_numbers": "A suggested reply has a number that is not in the mail.",
    "reply_names": "A suggested reply names somebody or something that neither the mail nor your passages name.",
    "reply_no_sentence": "A suggested reply is no sentence.",
    "reply_repeats_mail": "A suggested reply repeats the mail's own words.",
    "replies_alike": "Suggested replies say the same.",
    "invented_date": "The answer names a date that is not in the mail.",
    "template_echo": "The answer repeats the question, or has a blank to be filled in.",
    "marketing_without_signs": "It was sorted as marketing, and nothing in the mail speaks for that.",
    "not_sent": "An attachment was not sent to the model.",
    "answers_in_quote": "The mail says little itself; what it says may stand in what it quotes.",
    "mostly_left_out": "Most of the mail was taken for earlier mails and left out.",
    "all_text_hidden": "All text of the mail is styled to be hidden; it was read all the same.",
}
"""What each says to a person."""

_ONLY_TOLD = frozenset({"summary_length", "not_sent", "answers_in_quote", "mostly_left_out", "reply_names_address"})
"""They speak of an answer's length, or of what no model was given, and not of an answer that may be wrong.

Links and addresses in a reply are judged one by one where it goes out (`tasks.links`).
"""


def kind_of(doubt: str) -> str:
    """The doubt's name alone."""
    return doubt.partition(":")[0]


def meaning(doubt: str) -> str:
    """What the doubt says to a person, as a sentence; its name where nothing is known of it."""
    return MEANINGS.get(kind_of(doubt), doubt)


def words(doubts: Iterable[str]) -> str:
    """The doubts in a few words, each kind once: `replies alike, invented date`."""
    return ", ".join(dict.fromkeys(kind_of(doubt).replace("_", " ") for doubt in doubts))


def grave(doubts: Iterable[str]) -> list[str]:
    """Those that say that an answer may be wrong, so that nothing is done by it without a person."""
    return [doubt for doubt in doubts if kind_of(doubt) not in _ONLY_TOLD]
