"""In which script a text is written: for where a language detector is not sure, with few words or mixed ones."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from string import ascii_letters

from tasks.parsing.languages import detect_language

_ENOUGH = 8
"""Letters from which on their scripts tell something."""
_SURE = 60
"""Letters from which on the detector is believed."""
_SOME = 0.3
_DENSE = {"CJK", "HANGUL", "HIRAGANA", "KATAKANA"}
_FEW = {True: 1, False: 3}
"""Letters that may be a sign, as in formulas; of dense scripts two are a word."""
_CYRILLIC, _ARABIC, _DEVANAGARI = {"CYRILLIC"}, {"ARABIC"}, {"DEVANAGARI"}
_SCRIPTS: dict[str, set[str]] = {
    "ja": {"HIRAGANA", "KATAKANA", "CJK"}, "zh": {"CJK", "BOPOMOFO"}, "ko": {"HANGUL"}, "el": {"GREEK"},
    "he": {"HEBREW"}, "yi": {"HEBREW"}, "th": {"THAI"}, "lo": {"LAO"}, "km": {"KHMER"}, "my": {"MYANMAR"},
    "ka": {"GEORGIAN"}, "hy": {"ARMENIAN"}, "am": {"ETHIOPIC"}, "ta": {"TAMIL"}, "te": {"TELUGU"}, "kn": {"KANNADA"},
    "ml": {"MALAYALAM"}, "gu": {"GUJARATI"}, "bn": {"BENGALI"}, "as": {"BENGALI"}, "or": {"ORIYA"}, "si": {"SINHALA"},
    "bo": {"TIBETAN"}, "hi": _DEVANAGARI, "mr": _DEVANAGARI, "ne": _DEVANAGARI, "ar": _ARABIC, "fa": _ARABIC,
    "ur": _ARABIC, "ps": _ARABIC, "ru": _CYRILLIC, "uk": _CYRILLIC, "be": _CYRILLIC, "bg": _CYRILLIC, "mk": _CYRILLIC,
}  # fmt: skip
_WITHOUT_LATIN = dict.fromkeys(map(ord, ascii_letters))
_KNOWN = {"LATIN"}.union(*_SCRIPTS.values())
_ANY = frozenset("sr bs az uz kk ky tg tk tt mn ku pa sd ug ms jv su ha".split())
"""Languages that are written in more than one script."""
# The detector mixes these up within a group, and so do people.
_NEAR = ({"da", "no", "nb", "nn", "sv"}, {"es", "gl", "pt", "ca"}, {"hr", "sr", "bs", "sl", "mk", "bg"}, {"id", "ms"},
         {"cs", "sk"}, {"ru", "uk", "be"}, {"nl", "af"}, {"hi", "mr", "ne"}, {"fa", "ar", "ur"})  # fmt: skip


def scripts_of(text: str) -> Counter[str]:
    """How many letters of each script the text has, under Unicode's names: LATIN, CYRILLIC, CJK."""
    if text.isascii():
        letters = len(text) - len(text.translate(_WITHOUT_LATIN))
        return Counter({"LATIN": letters} if letters else {})
    found: Counter[str] = Counter()
    for character, count in Counter(unicodedata.normalize("NFKC", text)).items():
        found[_script(character)] += count
    return Counter({script: count for script, count in found.items() if script in _KNOWN})


def is_foreign(text: str, language: str, own: str) -> bool:
    """Whether a translation into `language` is written as that language is not.

    Latin letters are at home in all languages, if they are few; others that `own`, the mail, has not are no names.
    """
    code, found = language.partition("-")[0], scripts_of(text)
    if code in _ANY or found.total() < _ENOUGH:
        return False
    wanted = _SCRIPTS.get(code, {"LATIN"})
    at_home = sum(found[script] for script in wanted)
    strangers = set(found) - wanted - {"LATIN", *scripts_of(own)} - ({"CJK"} if code == "ko" else set())
    return at_home < _SOME * found.total() or any(found[script] > _FEW[script in _DENSE] for script in strangers)


def is_unlike(summary: str, own: str, language: str) -> bool:
    """Whether a summary is in another language than its mail; `language` is the mail's, empty where it is not known."""
    found, there = scripts_of(summary), scripts_of(own)
    if found.total() < _ENOUGH or there.total() < _ENOUGH:
        return False
    main = found.most_common(1)[0][0]
    if there[main] < _SOME / 3 * there.total():
        return True
    if not language or found.total() < _SURE:
        return False
    told = detect_language(summary)
    return told is not None and told != language and not any({told, language} <= group for group in _NEAR)


@lru_cache(maxsize=4_096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0] if character.isalpha() else ""
