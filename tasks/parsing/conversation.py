"""What a mail's header says about its conversation: the ids it names, its bare subject, and the people in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tasks.parsing.client_words import FORWARDS, REPLIES
from tasks.parsing.mail import Mail
from tasks.parsing.mail_context import bare_subject, prefixes_of
from tasks.settings.replies import bare_address

# A mail that names more ids is no answer of a person's; the first one is where it began, the last ones what it answers.
_MOST_IDS = 50
_MOST_PEOPLE = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """Ids have no brackets, addresses are in the form of `bare_address`."""

    own_id: str = ""
    """Its Message-ID; empty where it has none."""
    refers_to: tuple[str, ...] = ()
    """The ids of earlier mails, the oldest first."""
    subject: str = ""
    """Without prefixes and tags, in lower case; empty where it tells nothing."""
    is_answer: bool = False
    """Whether the subject's prefix says that the mail answers another; a forward begins a conversation of its own."""
    people: tuple[str, ...] = ()
    """Its sender and recipients, each once and without ourselves."""


def conversation_of(mail: Mail, ours: Collection[str]) -> Conversation:
    """What tells which conversation the mail belongs to; `ours` are our own addresses."""
    prefixes = prefixes_of(mail.subject)
    return Conversation(
        own_id=mail.message_id or "",
        refers_to=tuple(_referred(mail)),
        subject=bare_subject(mail.subject),
        is_answer=bool(prefixes) and prefixes[0] in REPLIES and prefixes[0] not in FORWARDS,
        people=tuple(_people(mail, ours))[:_MOST_PEOPLE],
    )


def _referred(mail: Mail) -> list[str]:
    named = list(dict.fromkeys([*mail.references, *filter(None, [mail.in_reply_to])]))
    named = [one for one in named if one != mail.message_id]
    return named if len(named) <= _MOST_IDS else [named[0], *named[1 - _MOST_IDS :]]


def _people(mail: Mail, ours: Collection[str]) -> Iterator[str]:
    addresses = (bare_address(one) for one in (mail.sender_address, *mail.to, *mail.cc) if "@" in one)
    return (one for one in dict.fromkeys(addresses) if one not in ours)
