"""Tells whether a mail's text can be understood without what was left out, and names the doubt where it cannot."""

import re

from tasks.parsing.attributions import introduces
from tasks.parsing.header_blocks import ADDRESS, has_label
from tasks.parsing.mail_context import MailContext
from tasks.parsing.pointing_words import CLOSING, GREETING, points_elsewhere
from tasks.parsing.quotes import Pieces

ANSWERS_IN_QUOTE = "answers_in_quote"
MOSTLY_LEFT_OUT = "mostly_left_out"
SHORT_WORDS = 40
"""Up to so many words a text that points elsewhere says little itself."""
MOST_POLITE = 30
"""Greetings, closings and names have fewer words than this."""
FEW_WORDS = 8
ENOUGH_WORDS = 20
LESS = 4
"""With so many words in the history, and so many times as many as in the text, the mail is mostly left out."""
MAX_GREETING = 60
MAX_NAME_WORDS = 4
WORD = re.compile(r"[^\W_]+")
# Scripts without blanks between words: two characters are about a word.
WIDE = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
NAME = re.compile(r"^\W*(?:[A-ZÀ-ÞΑ-ΩА-Я][^\W\d_]*\.?\W*){1,4}$")
ANSWER_LABEL = re.compile(
    r"^\s*(?:[-=]{1,3}>|>>+|={2,}|\*{2,}|(?:a|ans|answer|antwort|réponse|respuesta|risposta|resposta|antwoord|svar|vastaus|odpowiedź|odpověď"
    r"|cevap|yanıt|válasz|răspuns|απάντηση|ответ|відповідь|答|回答|답변)\s*\d{0,2}\s*[:：.)])\s*\S",
    re.IGNORECASE,
)
NAMED = re.compile(r"^[\[(<*]{0,2}([^\W\d_]{2,20})[\])>*]{0,2}\s*[:：>\]-]\s*\S")
MAX_LINES = 2_000


def doubts_of_text(pieces: Pieces, context: MailContext) -> tuple[str, ...]:
    """Return the doubts of a body taken apart: that answers stand in its quote, or that most of it was left out."""
    if not pieces.quoted:
        return (ANSWERS_IN_QUOTE,) if pieces.unmarked else ()
    said = own_words(pieces.new, context)
    if not pieces.between and (not said or (said <= SHORT_WORDS and points_elsewhere(pieces.new))):
        return (ANSWERS_IN_QUOTE,)
    if not pieces.unmarked:
        return ()
    if holds_answers(pieces.quoted, context):
        return (ANSWERS_IN_QUOTE,)
    lines = pieces.quoted.split("\n")[:MAX_LINES]
    left_out = sum(words(line) for line in lines if not (has_label(line) or introduces(line)))
    return (MOSTLY_LEFT_OUT,) if said <= FEW_WORDS and left_out >= max(ENOUGH_WORDS, LESS * said) else ()


def own_words(text: str, context: MailContext) -> int:
    """Return how many words a text has besides greetings, closings and names."""
    if (whole := words(text)) > SHORT_WORDS + MOST_POLITE:
        return whole
    count = 0
    names = set(context.name_words)
    for line in text.split("\n")[:MAX_LINES]:
        short = len(line) <= MAX_GREETING
        if short and ((GREETING.match(line) and not more_than_greeting(line)) or CLOSING.match(line)):
            continue
        if (
            short
            and line.strip()
            and (names.issuperset(WORD.findall(line.lower())) or (count == 0 and is_address(line)))
        ):
            continue
        count += words(line)
    return count


def more_than_greeting(line: str) -> bool:
    """Return whether a line that begins with a greeting goes on to say something."""
    rest = re.split(r"[,!.，！。:]", line, maxsplit=1)
    return (len(rest) > 1 and words(rest[1]) > MAX_NAME_WORDS) or words(line) > 2 * MAX_NAME_WORDS


def is_address(line: str) -> bool:
    """Return whether a line only calls somebody: `Bob,`."""
    return line.rstrip().endswith((",", "，", ":", "!")) and bool(NAME.match(line))


def words(text: str) -> int:
    """Return how many words a text has; scripts without blanks count two characters as one."""
    if text.isascii():
        return len(text.split())
    wide = len(WIDE.findall(text))
    return len(WORD.findall(WIDE.sub(" ", text) if wide else text)) + (wide + 1) // 2


def holds_answers(quoted: str, context: MailContext) -> bool:
    """Return whether lines of unmarked history look like the author's.

    They do where they are named, marked with arrows, or signed at the end.
    """
    lines = [line.strip() for line in quoted.split("\n")[:MAX_LINES] if line.strip()]
    names = context.name_words
    initials = "".join(name[0] for name in names)
    labels = {*names, initials} if len(initials) > 1 else set(names)
    for line in lines:
        head = NAMED.match(line)
        if (head and head[1].lower() in labels and not ADDRESS.search(line)) or (
            ANSWER_LABEL.match(line) and not has_label(line)
        ):
            return True
    return bool(names) and sum(map(has_label, lines)) <= 6 and signed_by(lines[-3:], names)


def signed_by(last: list[str], names: list[str]) -> bool:
    """Return whether one of the last lines is the sender's name alone."""
    return any(line and set(names).issuperset(WORD.findall(line.lower())) and WORD.search(line) for line in last)
