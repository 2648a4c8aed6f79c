"""What a mail says, in its own words: sentences, summaries, requests with their quotes."""

import re
from dataclasses import dataclass

from deployments.simulator.evidence import WITHOUT_SPACES, Evidence, asks_something
from deployments.simulator.phrases import about, wordless
from deployments.simulator.reading import PromptMail

_READ_CHARS = 8_000
_SENTENCE_CHARS = 320
_MOST_ACTIONS = 6

# A run of marks ends a sentence when no lower-case word follows; the look-behind lets each run be tried once only.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]»]*(?=\s+[^\sa-z]|\s*$)|[。！？]++[」』”）]*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Za-zÀ-ÿ]|mr|mrs|ms|dr|prof|st|no|nr|vs|etc|inc|ltd|co|approx|sr|sra|z\.b|e\.g|i\.e|bzw|ca|usw)\.$",
    re.IGNORECASE,
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
_LIST_LINE = re.compile(r"[ \t]*(?:[-*•·]|\d{1,2}[.)])[ \t]+")
# A line broken inside Chinese or Japanese text stands for nothing; any other one for a space.
_BROKEN = re.compile(r"(?<=[\u3000-\u9fff])\s+(?=[\u3000-\u9fff])")
_SPACES = re.compile(r"\s+")
_GREETING = re.compile(
    r"(?:hi|hello|dear|hey|good (?:morning|afternoon|evening)|hallo|sehr geehrte|liebe|guten|bonjour|ch[eè]re?|hola|"
    r"estimad|querid|ciao|gentile|buongiorno|ol[áa]|prezad|car[oa]|beste|geachte|best|kind regards|regards|thanks|"
    r"cheers|sincerely|yours|mit freundlichen|viele grüße|cordialement|saludos|cordiali|atenciosamente"
    r"|met vriendelijke|sent from|お世話|(?:どうぞ)?よろしく|此致|您好|你好)",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"(?:send|review|check|confirm|update|call|reply|provide|prepare|schedule|submit|complete|fix|investigate|sign|"
    r"approve|share|forward|restart|contact|follow up|upload|book|arrange|join|read|verify|respond)\b",
    re.IGNORECASE,
)
_DAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|"
    r"(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo|"
    r"(?:lune|marte|mercole|giove|vener)dì|sabato|domenica|(?:segunda|terça|quarta|quinta|sexta)(?:-feira)?|"
    r"(?:maan|dins|woens|donder|vrij|zater|zon)dag"
)
_NEAR = (
    r"today|tonight|tomorrow|eod|end of (?:the )?(?:day|week|month)|noon|heute|morgen|aujourd'hui|demain|hoy|mañana"
    r"|oggi|domani|hoje|amanhã|vandaag|next week|this week"
)
_MONTH = r"(?:Jan|Feb|M[aä]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[ck]t|Nov|De[cz])[a-zé]{0,7}"
_DATE = (
    r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\d{1,2}\.(?:\d{2,4})?|"
    rf"{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\.? ?{_MONTH}"
)
_CLOCK = r"\d{1,2}(?::\d\d)? ?(?:am|pm|uhr|h|Uhr|AM|PM)\b|\d{1,2}:\d\d"
_DUE = re.compile(
    rf"\b(?:(?:by|before|until|no later than|due|on|bis(?: zum)?|vor|avant(?: le)?|d'ici(?: le)?|pour|antes del?"
    r"|para el?|hasta el?|entro(?: il)?|até(?: a)?|voor|uiterlijk|at) )?"
    rf"(?:(?i:next |this )?(?i:{_DAY})\b|(?i:{_NEAR})\b|{_DATE}|{_CLOCK})(?:,? (?:at |um |à |a las )?(?:{_CLOCK}))?"
    r"|(?:\d{1,2}月\d{1,2}日|本日|明日|今週|来週|今天|明天|[月火水木金土日]曜日|周[一二三四五六日])(?:\d{1,2}[時点])?(?:まで|前|之前)?"
)
_OWNER = re.compile(
    r"@?([A-Z][a-zà-ÿ]{1,20})(?: [A-Z][a-zà-ÿ]{1,20})?(?:[,:–-]+ ?| )"
    r"(?=(?:please|could|can|will|needs? to|should|bitte|por favor)\b)"
)
_NO_NAMES = frozenset(
    [
        "We",
        "You",
        "I",
        "It",
        "This",
        "That",
        "They",
        "There",
        "Also",
        "And",
        "So",
        "Then",
        "Who",
        "He",
        "She",
        "Hi",
        "Urgent",
        "Please",
        "Everyone",
    ]
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `quote` is a true slice of the mail, `text` the same with its white space made single."""

    quote: str
    text: str


def sentences(body: str) -> list[Sentence]:
    """Return the sentences of a text in order: paragraphs and list lines are cut at their sentence ends."""
    found: list[Sentence] = []
    for paragraph in _BLANK_LINE.split(body[:_READ_CHARS]):
        for part in _units(paragraph):
            found += _cut(part)
    return found


def summarise(mail: PromptMail, evidence: Evidence) -> str:
    """Return two or three sentences: the mail's best ones, in their order, filled up by who wrote about what."""
    said = [s.text for s in sentences(mail.body or mail.attached) if len(s.text) > 1]
    telling = [text for text in said if not (len(text) < 60 and _GREETING.match(text))] or said
    telling = [text for text in telling if text[-1] in ".!?…。！？”\"'" or len(text) > 40] or telling
    wanted = 3 if len(telling) > 5 else 2
    subject = {word for word in mail.subject.lower().split() if len(word) > 3}
    ranked = sorted(range(len(telling)), key=lambda i: (-_worth(telling[i], i, subject, evidence), i))
    chosen = [_closed(telling[i], evidence.language) for i in sorted(ranked[:wanted])]
    if not chosen:
        chosen = [wordless(evidence.language)]
    if len(chosen) == 1:
        chosen.append(about(mail.sender, mail.subject, evidence.language))
    return ("" if evidence.language in WITHOUT_SPACES else " ").join(chosen)


def actions(mail: PromptMail, evidence: Evidence) -> list[dict[str, str | None]]:
    """Return what the mail asks to be done, at most six: text, owner and due as the mail names them, and a quote."""
    found: list[dict[str, str | None]] = []
    for sentence in sentences(mail.body):
        if len(found) == _MOST_ACTIONS:
            break
        if (
            len(sentence.text) > 8
            and not _GREETING.match(sentence.text)
            and _is_request(sentence.text, evidence.language)
        ):
            owner, due = _OWNER.match(sentence.text), _DUE.search(sentence.text)
            found.append(
                {
                    "text": sentence.text[:200],
                    "owner": owner[1] if owner and owner[1] not in _NO_NAMES else None,
                    "due": due[0].strip() if due else None,
                    "quote": sentence.quote,
                }
            )
    return found


def _is_request(text: str, language: str) -> bool:
    return bool(_IMPERATIVE.match(text)) or asks_something(text, language)


def _units(paragraph: str) -> list[str]:
    """Return the parts of a paragraph that no sentence crosses: list items, greeting lines, wrapped prose."""
    units: list[list[str]] = [[]]
    for line in paragraph.split("\n"):
        bare = line.strip()
        alone = len(bare) < 45 and bare.endswith((",", ":", "，", "：", "、"))
        if _LIST_LINE.match(line):
            units.append([])
        units[-1].append(line)
        if alone:
            units.append([])
    return ["\n".join(lines) for lines in units if lines]


def _cut(part: str) -> list[Sentence]:
    marker = _LIST_LINE.match(part)
    begin = marker.end() if marker else 0
    found: list[Sentence] = []
    for end in _END.finditer(part, begin):
        if not _ABBREVIATION.search(part[max(begin, end.end() - 12) : end.end()]):
            found += _sentence(part[begin : end.end()])
            begin = end.end()
    return found + _sentence(part[begin:])


def _sentence(raw: str) -> list[Sentence]:
    quote = raw.strip()
    if len(quote) > _SENTENCE_CHARS:
        quote = quote[:_SENTENCE_CHARS].rsplit(None, 1)[0]
    return [Sentence(quote, _SPACES.sub(" ", _BROKEN.sub("", quote)))] if quote else []


def _worth(text: str, position: int, subject: set[str], evidence: Evidence) -> float:
    lowered = text.lower()
    points = 2.0 * sum(word in lowered for word in subject) + sum(word in lowered for word in evidence.words)
    points += 1.0 * any(c.isdigit() for c in text) + max(0.0, 1.5 - 0.5 * position)
    points -= 2.0 * ("http" in lowered) + 1.5 * (len(text) < 25 and evidence.language not in WITHOUT_SPACES)
    return points


def _closed(text: str, language: str) -> str:
    if text[-1] in ".!?…。！？" or text[-2:-1] in ".!?…。！？":
        return text
    return text.rstrip(",;:、，：") + ("。" if language in WITHOUT_SPACES else ".")
