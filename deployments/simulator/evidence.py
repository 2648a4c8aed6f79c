"""Category, language and the rest of a triage, each by evidence in the mail's own words."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from deployments.simulator.reading import PromptMail, Told
from deployments.simulator.vocabulary import EVIDENCE, REQUESTS, STOP_WORDS

CATEGORIES = ("URGENT", "MEETING", "SUPPORT", "MARKETING", "PERSONAL", "OTHER")
WITHOUT_SPACES = frozenset({"ja", "zh", "th"})

# What lies beyond cannot change a category that its beginning has made plain, and bounds the time a mail may take.
_READ_CHARS = 12_000
_LANGUAGE_CHARS = 3_000
_STRONG, _WEAK, _ENOUGH = 3, 1, 3

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
_LATIN = re.compile(r"[A-Za-zÀ-ÿ]")
_NOT_LATIN = re.compile(r"[\u0370-\u1dff\u3040-\u9fff\uac00-\ud7af]")
_UKRAINIAN = re.compile(r"[іїєґ]")
_AUTOMATIC = re.compile(r"no-?reply|do-?not-?reply|mailer-daemon|postmaster", re.IGNORECASE)
_AUTOMATIC_SUBJECT = re.compile(
    r"auto(?:matic|matische|mated)?[- ]?(?:reply|response|antwort)|out of (?:the )?office|abwesenheit|undeliver|"
    r"returned (?:mail|to sender)|delivery (?:status|failure)|réponse automatique|respuesta automática|自動返信",
    re.IGNORECASE,
)
# Where a mail was shortened, the prompt says by how much.
_LEFT_OUT = re.compile(r"^\[\.\.\. (\d{1,6}) words left out \.\.\.\]$", re.MULTILINE)
_STOP_SETS = {language: frozenset(words.split(";")) for language, words in STOP_WORDS.items()}
_REQUEST_LISTS = {language: tuple(words.split(";")) for language, words in REQUESTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A triage of one mail; `words` are what the category rests on, strongest first, `confidence` is 0 to 1."""

    category: str
    language: str
    needs_reply: bool
    complexity: str
    confidence: float
    reason: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Clue:
    """One entry of the vocabulary: `inside` entries are looked for in the text, the others among its words."""

    text: str
    category: str
    weight: int
    inside: bool


def _clues(language: str) -> tuple[_Clue, ...]:
    return tuple(
        _Clue(text, category, weight, language in WITHOUT_SPACES or not text.isalpha())
        for category, (strong, weak) in EVIDENCE[language].items()
        for weight, entries in ((_STRONG, strong), (_WEAK, weak))
        for text in entries.split(";")
    )


_CLUES = {language: _clues(language) for language in EVIDENCE}


@lru_cache(maxsize=4096)
def weigh(mail: PromptMail) -> Evidence:
    """Return the triage of a mail; the same mail always gets the same one."""
    text = (mail.body or mail.attached)[:_READ_CHARS]
    language = guess_language(f"{mail.subject}\n{text}")
    scores, words = _score(mail.subject.lower(), text.lower(), language)
    ranked = sorted(CATEGORIES[:-1], key=lambda c: -scores[c])
    best, second = scores[ranked[0]], scores[ranked[1]]
    category = ranked[0] if best >= _ENOUGH else "OTHER"
    found = tuple(words[category][:4])
    return Evidence(
        category=category,
        language=language,
        needs_reply=_needs_reply(mail, text, category, language),
        complexity=_complexity(mail),
        confidence=_confidence(category, best, second),
        reason=_reason(category, found, language),
        words=found,
    )


def named_category(mail: PromptMail, names: Iterable[str], told: Told) -> dict[str, str]:
    """Return category and reason where a name that the vocabulary lacks, or words told for one, stand in the mail.

    Nothing where none does; of several, the one with the most words wins.
    """
    own = {
        name: [*told.get(name, ()), *([] if name in CATEGORIES else [name.lower().replace("_", " ")])] for name in names
    }
    if not any(own.values()):
        return {}
    text = f"{mail.subject}\n{mail.body}"[:_READ_CHARS].lower()
    language = guess_language(text)
    found = {name: [word for word in words if _stands_in(word, text, language)] for name, words in own.items()}
    best = max(found, key=lambda name: len(found[name]))
    return {"category": best, "reason": _reason(best, tuple(found[best][:4]), language)} if found[best] else {}


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code that scripts and stop words speak for; English where nothing speaks."""
    sample = text[:_LANGUAGE_CHARS].lower()
    if not sample.isascii() and _NOT_LATIN.search(sample):
        by_script = _by_script(sample)
        if by_script:
            return by_script
    counts = Counter(_WORD.findall(sample))
    scores = {language: sum(counts[w] for w in words) for language, words in _STOP_SETS.items()}
    return max(scores, key=lambda language: scores[language])


def asks_something(text: str, language: str) -> bool:
    """Return whether a text (any case) holds a request or a question in its language or in English."""
    lowered = text.lower()
    requests = _REQUEST_LISTS["en"] + _REQUEST_LISTS.get(language, ())
    return any(_stands_in(request, lowered, language) for request in requests)


def _stands_in(entry: str, lowered: str, language: str) -> bool:
    """Return whether an entry occurs as words of its own, or anywhere in scripts without spaces."""
    at = lowered.find(entry)
    while at >= 0:
        if language in WITHOUT_SPACES:
            return True
        end = at + len(entry)
        if (at == 0 or not lowered[at - 1].isalpha()) and (end == len(lowered) or not lowered[end].isalpha()):
            return True
        at = lowered.find(entry, end)
    return False


def _by_script(sample: str) -> str:
    """Return the language of a script that holds at least a fifth of the letters, or nothing."""
    counts = {name: len(script.findall(sample)) for name, script in _SCRIPTS.items()}
    asian = counts["kana"] + counts["han"]
    letters = sum(counts.values()) + len(_LATIN.findall(sample))
    if asian * 5 > letters:
        return "ja" if counts["kana"] * 10 > asian else "zh"
    others = {name: n for name, n in counts.items() if name not in ("kana", "han")}
    top = max(others, key=lambda name: others[name])
    if others[top] * 5 <= letters:
        return ""
    return "uk" if top == "ru" and _UKRAINIAN.search(sample) else top


def _score(subject: str, text: str, language: str) -> tuple[Counter[str], dict[str, list[str]]]:
    """Return points and words a category; each entry counts once, and twice as much when the subject has it."""
    in_subject, in_text = frozenset(_WORD.findall(subject)), frozenset(_WORD.findall(text))
    points: Counter[str] = Counter()
    words: dict[str, list[str]] = {category: [] for category in CATEGORIES}
    languages = ("en",) if language == "en" or language not in _CLUES else (language, "en")
    for clue in (clue for name in languages for clue in _CLUES[name]):
        entitled = clue.text in (subject if clue.inside else in_subject)
        if entitled or clue.text in (text if clue.inside else in_text):
            points[clue.category] += clue.weight * (2 if entitled else 1)
            if clue.text not in words[clue.category]:
                words[clue.category].append(clue.text)
    return points, words


def _needs_reply(mail: PromptMail, text: str, category: str, language: str) -> bool:
    if category == "MARKETING" or _AUTOMATIC.search(mail.address) or _AUTOMATIC_SUBJECT.search(mail.subject):
        return False
    question = "?" in text or "？" in text or "か。" in text
    return category in ("URGENT", "SUPPORT") or question or asks_something(text, language)


def _complexity(mail: PromptMail) -> str:
    # A quarter of the UTF-8 bytes is close enough to tokens; simple ends at 100 of them, medium at 500.
    tokens = len((mail.body + mail.attached).encode()) // 4
    left_out = _LEFT_OUT.search(mail.body)
    tokens += int(left_out[1]) * 3 // 2 if left_out else 0
    return "simple" if tokens < 100 else "medium" if tokens < 500 else "complex"


def _confidence(category: str, best: int, second: int) -> float:
    if category == "OTHER":
        return round(0.7 - 0.1 * best, 2)
    return round(min(0.97, 0.6 + 0.06 * (best - second)), 2)


def _reason(category: str, words: tuple[str, ...], language: str) -> str:
    if not words:
        return f"{category}: no word speaks for another category; language '{language}' by its words."
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{category}: the mail says {quoted}."
