"""How somebody writes: greeting, closing, form of address and length, found by code in a mail's own text.

What is found is always one of the lists below, never the mail's own words, so that it may stand in a prompt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

NameForm = Literal["", "first name", "last name", "title and last name", "first and last name", "no name"]
Address = Literal["", "formal", "informal"]

GREETINGS: dict[str, tuple[str, ...]] = {
    "en": ("Good morning", "Good afternoon", "Good evening", "Good day", "Dear", "Hello", "Hi", "Hey", "Greetings"),
    "de": (
        "Sehr geehrte Damen und Herren", "Sehr geehrter", "Sehr geehrte", "Guten Tag", "Guten Morgen", "Guten Abend",
        "Hallo", "Hi", "Lieber", "Liebe", "Moin", "Servus", "Grüezi",
    ),
    "fr": ("Bonjour", "Bonsoir", "Salut", "Chère", "Cher", "Madame, Monsieur"),
    "es": ("Buenos días", "Buenas tardes", "Estimada", "Estimado", "Querida", "Querido", "Hola"),
    "it": ("Buongiorno", "Buonasera", "Gentile", "Egregio", "Salve", "Ciao", "Cara", "Caro"),
    "pt": ("Bom dia", "Boa tarde", "Prezada", "Prezado", "Cara", "Caro", "Olá", "Oi"),
    "nl": ("Goedemorgen", "Goedemiddag", "Geachte", "Beste", "Hallo", "Hoi", "Dag"),
    "sv": ("Hej", "Hejsan", "God morgon"),
    "pl": ("Dzień dobry", "Szanowna", "Szanowny", "Cześć"),
    "ru": ("Здравствуйте", "Добрый день", "Уважаемая", "Уважаемый", "Привет"),
    "ja": ("いつもお世話になっております", "お世話になっております", "こんにちは"),
    "zh": ("尊敬的", "您好", "你好"),
}  # fmt: skip
CLOSINGS: dict[str, tuple[str, ...]] = {
    "en": (
        "Kind regards", "Best regards", "Warm regards", "Many thanks", "Best wishes", "Yours sincerely",
        "Yours faithfully", "Thank you", "Sincerely", "Regards", "Thanks", "Cheers", "All the best", "Best",
    ),
    "de": (
        "Mit freundlichen Grüßen", "Freundliche Grüße", "Beste Grüße", "Viele Grüße", "Liebe Grüße", "Herzliche Grüße",
        "Schöne Grüße", "Gruß", "Grüße", "MfG", "VG", "LG", "BG",
    ),
    "fr": ("Bien cordialement", "Très cordialement", "Cordialement", "Bien à vous", "Amicalement", "À bientôt"),
    "es": ("Saludos cordiales", "Un cordial saludo", "Atentamente", "Un saludo", "Un abrazo", "Saludos"),
    "it": ("Cordiali saluti", "Distinti saluti", "Un saluto", "Saluti", "A presto"),
    "pt": ("Com os melhores cumprimentos", "Atenciosamente", "Cumprimentos", "Um abraço", "Abraços", "Obrigado"),
    "nl": ("Met vriendelijke groeten", "Met vriendelijke groet", "Hartelijke groeten", "Groeten", "Groetjes", "Mvg"),
    "sv": ("Med vänliga hälsningar", "Vänliga hälsningar", "Hälsningar", "Mvh"),
    "pl": ("Z poważaniem", "Pozdrawiam", "Pozdrowienia"),
    "ru": ("С уважением", "С наилучшими пожеланиями"),
    "ja": ("よろしくお願いいたします", "よろしくお願いします", "敬具"),
    "zh": ("此致敬礼", "祝好", "谢谢"),
}  # fmt: skip
_FORMAL = {"de": "Sie Ihnen Ihr Ihre Ihren Ihrem Ihrer", "fr": "vous votre vos", "es": "usted ustedes", "nl": "u uw"}
_INFORMAL = {
    "de": "du dir dich dein deine deinen deinem euch eure", "fr": "tu te toi ton ta tes", "es": "tú ti contigo",
    "nl": "je jij jou jouw",
}  # fmt: skip
_TITLE = re.compile(
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Madame|Monsieur|Señora?|Sra?|Signora?|Dott|Senhora?|Heer|Mevrouw|Pani|Pan)\b\.?",
    re.IGNORECASE,
)
_TO_ALL = frozenset("all everyone everybody team there folks alle zusammen tous todos tutti allen both".split())
_NAME = re.compile(r"[^\W\d_][\w'’.-]{0,30}(?: [^\W\d_][\w'’.-]{0,30}){0,3}")
_NAME_BEHIND = re.compile(r"(?: [^\W\d_a-z][\w'’-]{0,30}){1,3}")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONGEST_NAME, _LAST_LINES = 60, 8


@dataclass(frozen=True, kw_only=True)
class WritingStyle:
    """What was found; empty, or 0 words, where nothing was. `greeting` and `closing` stand in the lists above."""

    language: str = ""
    greeting: str = ""
    name: NameForm = ""
    closing: str = ""
    address: Address = ""
    words: int = 0


def style_of(text: str, language: str | None, recipient: str = "") -> WritingStyle:
    """How this text of ours is written; `recipient` is the name of whom it greets, where that is known."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return WritingStyle()
    greeted, name = _greeting(lines[0], language, recipient)
    closed = next((found for line in lines[1:][-_LAST_LINES:][::-1] if (found := _closing(line, language))), ("", ""))
    spoken = language or closed[0] or greeted[0]
    return WritingStyle(
        language=spoken, greeting=greeted[1], name=name, closing=closed[1], address=_address(text, spoken),
        words=len(_WORD.findall(text)),
    )  # fmt: skip


def _greeting(line: str, language: str | None, recipient: str) -> tuple[tuple[str, str], NameForm]:
    for spoken, one in _ordered(tuple(GREETINGS), language, "greeting"):
        if not line.casefold().startswith(one.casefold()):
            continue
        rest = line[len(one) :]
        if rest[:1].isalnum() and spoken not in ("ja", "zh"):
            continue
        whom, ended = re.split(r"[,!:;，、！：。]", rest, maxsplit=1)[0].strip(), len(rest) <= _LONGEST_NAME
        form = _name_form(whom, recipient)
        if form and (ended or len(whom) < _LONGEST_NAME):
            return (spoken, one), form
    return ("", ""), ""


def _name_form(whom: str, recipient: str) -> NameForm:
    if not whom or whom.casefold() in _TO_ALL:
        return "no name"
    titled = _TITLE.match(whom)
    bare = whom[titled.end() :].strip() if titled else whom
    if not _NAME.fullmatch(bare) or (bare.islower() and bare.casefold() not in recipient.casefold()):
        return "title and last name" if titled and not bare else ""
    if titled:
        return "title and last name"
    known = recipient.casefold().split()
    if len(bare.split()) == 1:
        return "last name" if len(known) > 1 and bare.casefold() == known[-1] else "first name"
    return "first and last name"


def _closing(line: str, language: str | None) -> tuple[str, str] | None:
    said = re.split(r"[,!.，。！]", line, maxsplit=1)[0].strip()
    for spoken, one in _ordered(tuple(CLOSINGS), language, "closing"):
        rest = said[len(one) :]
        if said.casefold().startswith(one.casefold()) and (not rest or _NAME_BEHIND.fullmatch(rest)):
            return spoken, one
    return None


@cache
def _ordered(languages: tuple[str, ...], first: str | None, kind: str) -> list[tuple[str, str]]:
    """All greetings or closings with their languages, those of this language first."""
    among = GREETINGS if kind == "greeting" else CLOSINGS
    order = sorted(languages, key=lambda one: one != first)
    return [(language, one) for language in order for one in sorted(among[language], key=len, reverse=True)]


def _address(text: str, language: str) -> Address:
    if language not in _FORMAL:
        return ""
    inside = _WORD.findall(re.sub(r"(?:^|[.!?:]\s+)\w+", " ", text))  # German writes any first word with a capital
    formal = sum(word in _FORMAL[language].split() for word in inside)
    informal = sum(word.casefold() in _INFORMAL[language].split() for word in inside)
    if formal == informal:
        return ""
    return "formal" if formal > informal else "informal"
