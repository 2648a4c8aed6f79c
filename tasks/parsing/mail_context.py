"""What a mail's header says about its body: is it an answer, a forward, or neither, and between whom."""

import re
from dataclasses import dataclass
from typing import Literal

from tasks.parsing.client_words import FORWARDS, REPLIES, plain_word

Purpose = Literal["new", "reply", "answer", "forward"]
"""`reply` has an answer's prefix in its subject; an `answer` only refers to another mail, as some forwards do."""

TAGS = re.compile(r"^(?:\s*\[[^\]\n]{1,40}\])+\s*")
PREFIX = re.compile(r"^\s*([^\W\d_][^:：\d\[(^]{0,14}?)\s*(?:[\[(^]?\d{1,3}[\])]?)?\s*[:：]\s*")
NAME = re.compile(r"[^\W\d_]{2,}")
MOST_PREFIXES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class MailContext:
    """The sender, the recipients (their fields as they stand) and the subject without prefixes, all in lower case."""

    purpose: Purpose = "reply"
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    recipients: str = ""
    ambiguous: bool = False
    """The prefix means an answer in one language and a forward in another."""

    @property
    def name_words(self) -> list[str]:
        """The words of the sender's name in lower case, else of the address before the `@`."""
        return NAME.findall((self.sender_name or self.sender.partition("@")[0]).lower())


def context_of(
    subject: str, *, refers: bool, sender: str = "", sender_name: str = "", recipients: str = ""
) -> MailContext:
    """Return the context of a mail; `refers` says whether it names a mail that it answers."""
    prefixes = prefixes_of(subject)
    purpose: Purpose = "answer" if refers else "new"
    ambiguous = bool(prefixes) and prefixes[0] in FORWARDS and prefixes[0] in REPLIES
    if prefixes:
        purpose = "forward" if prefixes[0] in FORWARDS and not ambiguous else "reply"
    return MailContext(
        purpose=purpose,
        subject=bare_subject(subject),
        sender=sender.lower(),
        sender_name=sender_name,
        recipients=recipients.lower(),
        ambiguous=ambiguous,
    )


def prefixes_of(subject: str) -> list[str]:
    """Return the prefixes of a subject that mean an answer or a forward, outermost first."""
    return split_subject(subject)[0]


def bare_subject(subject: str) -> str:
    """Return a subject without prefixes and tags, in one case and with single blanks, so that two can be compared."""
    return " ".join(split_subject(subject)[1].lower().split())


def split_subject(subject: str) -> tuple[list[str], str]:
    """Return the known prefixes of a subject, and the rest of it."""
    prefixes: list[str] = []
    rest = subject[:1_000]
    for _ in range(MOST_PREFIXES):
        rest = TAGS.sub("", rest)
        found = PREFIX.match(rest)
        word = plain_word(found[1]) if found else ""
        if found is None or not (word in REPLIES or word in FORWARDS):
            break
        prefixes.append(word)
        rest = rest[found.end() :]
    return prefixes, rest
