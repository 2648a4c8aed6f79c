"""Negations that got lost on the way: what the mail says is not so, and the answer says is."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import takewhile

from tasks.understand.faithfulness.words import WORD, stem

_NOT = {
    *"not never cannot don't doesn't didn't can't won't isn't aren't wasn't weren't shouldn't couldn't mustn't".split(),
    *"hasn't haven't wouldn't nicht nie niemals ne não nunca niet nooit inte aldrig ikke aldri nie".split(),
}
_NOT_IN = {"es": {"no", "nunca"}, "it": {"non", "mai"}, "pl": {"nie"}}
_NO = {
    *"no none nothing nobody without kein keine keinen keinem keiner nichts ohne pas jamais sans aucun aucune".split(),
    *"sin ninguna ninguno nada sem nenhum nenhuma non senza nessun nessuna geen zonder ingen inga uden bez".split(),
    *"unable unpaid undelivered unresolved unavailable impossible unbezahlt unmöglich".split(),
    *"impossibile imposible impossível".split(),
}
"""Words that deny, too, but not what stands behind them: `no update yet` asks for an update."""
_DENYING = frozenset(_NOT | _NO).union(*_NOT_IN.values())
_UNDOING = re.compile(
    r"(?:cancel|storn|abgesag|absag|entfäll|entfall|annul|annull|disdett|geannul|afgelast|avlys|aflys|anulow|odwoł|"
    r"postpon|verschob|verschieb|vertag|report[ée]|rinvia|aplaz|adiad|uitgesteld|called off|rejec|declin|refus|avoid|"
    r"stop|hold off|fail|miss|unterlass|éviter|evitar|取消|中止)",
    re.IGNORECASE,
)
_CALLED_OFF = re.compile(
    r"\b(?:cancel+ed|storniert|abgesagt|annulée?s?|cancelad[oa]s?|annullat[oaei]|disdett[oaei]|geannuleerd)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?…;\n]+[.!?…;\n]?")
# Where nothing is denied for good: a condition, a suggestion, a figure of speech.
_OPEN = re.compile(
    r"\?|\b(?:if|unless|until|whether|before|otherwise|wenn|falls|sofern|bis|ob|sonst|si|sinon|se|salvo|als|tenzij|om)\b",
    re.IGNORECASE,
)
_SAY_LITTLE = {
    *"the you your our any all this that for and yet too let der die das den dem ihr ihre les des una los las".split(),
    *"been being have only just longer sure always want wish need hesitate forget wait worry mind know really".split(),
    *"necessarily directly currently yourself zögern mehr sein werden haben worden vergessen sicher immer noch".split(),
    *"hésitez oubliez plus encore être avoir duden olviden más esté haber esitate più essere deixe hesite mais".split(),
}
_NOT_ONLY = re.compile(
    r"\b(?:not (?:only|just)|nicht nur|non seulement|no s[oó]lo|non solo|não só|niet alleen|inte bara|ikke bare|"
    r"ikke kun|nie tylko)\b",
    re.IGNORECASE,
)
_NO_CONTENT = _DENYING | _SAY_LITTLE
_NEAR, _SHORTEST = 3, 3
_LEAST_WORDS, _ALIKE = 3, 0.85
"""Two sentences are one but for a denial where they share so much of what they speak of, and it is not too little."""


def lost_negation(mail: str, said: str, language: str) -> bool:
    """Whether the mail denies a word of `said` whenever it has it, and `said` denies nothing at all."""
    negators = _negators(language)
    if negators.isdisjoint(_words(mail)):
        return False
    denied, affirmed = _stances(mail, negators)
    if not denied - affirmed or denies(said):
        return False
    return bool((denied - affirmed) & _stances(said, negators)[1])


def said_without_denial(mail: str, said: str, language: str) -> bool:
    """Whether a sentence of `said` is one of the mail but for its denial, and the mail does not say that, too.

    Where all else is the same, a condition without its denial is another one, too.
    """
    negators = _negators(language)
    if negators.isdisjoint(_words(mail)):
        return False
    known = [one for one in _SENTENCE.findall(mail) if "?" not in one and not _NOT_ONLY.search(one)]
    denying = [(_content(one), one) for one in known if not negators.isdisjoint(_words(one))]
    for sentence in _SENTENCE.findall(said):
        own = _content(sentence)
        if len(own) < _LEAST_WORDS or not negators.isdisjoint(_words(sentence)):
            continue
        turned = any(_alike(own, words) and _denials(sentence) <= _denials(one) for words, one in denying)
        if turned and not any(_alike(own, _content(one)) for one in known if negators.isdisjoint(_words(one))):
            return True
    return False


def _denials(sentence: str) -> set[str]:
    """The words that deny or undo something, so that one that came in a `not`'s place is seen."""
    return (set(_words(sentence)) & (_NO | {"instead", "rather", "statt"})) | {
        found.lower() for found in _UNDOING.findall(sentence)
    }


def _content(sentence: str) -> frozenset[str]:
    """What a sentence speaks of: its words that say something, by their beginnings, without those that deny."""
    words = _words(sentence)
    return frozenset(stem(one) for one in words if len(one) >= _SHORTEST and one not in _NO_CONTENT)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one) and len(one & other) >= _ALIKE * len(one | other)


def lost_cancellation(subject: str, said: str) -> bool:
    """Whether the subject calls something off, and `said` has no word for it."""
    return bool(_CALLED_OFF.search(subject)) and not denies(said)


def denies(text: str) -> bool:
    """Whether the text denies or undoes anything: `the invoice is to be left unpaid`."""
    return not _DENYING.isdisjoint(_words(text)) or bool(_UNDOING.search(text))


@cache
def _negators(language: str) -> frozenset[str]:
    return frozenset(_NOT | _NOT_IN.get(language, set()))


def _stances(text: str, negators: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words that are denied at least once, and those that stand undenied at least once; by their beginnings."""
    denied: set[str] = set()
    affirmed: set[str] = set()
    for sentence in _SENTENCE.findall(text):
        words = _words(sentence)
        places = [] if _NOT_ONLY.search(sentence) else [n for n, word in enumerate(words) if word in negators]
        at = {n for place in places for n in _governed(words, place, negators)}
        for n, word in enumerate(words):
            if n not in at:
                affirmed.add(stem(word))
            elif not _OPEN.search(sentence):
                denied.add(stem(word))
    return frozenset(denied), frozenset(affirmed)


def _governed(words: tuple[str, ...], place: int, negators: frozenset[str]) -> list[int]:
    """The place of the word that a negator denies: the first one behind it that says something."""
    near = takewhile(lambda n: words[n] not in negators, range(place + 1, min(len(words), place + 1 + _NEAR)))
    return [n for n in near if len(words[n]) >= _SHORTEST and words[n] not in _SAY_LITTLE][:1]


@lru_cache(maxsize=512)  # a mail's sentences are looked at for several reasons
def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.replace("’", "'").lower()))
