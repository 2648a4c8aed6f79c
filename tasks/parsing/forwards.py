"""Mails inside a mail: forwarded as `message/rfc822`, or given back by a bounce."""

from dataclasses import dataclass, field

from tasks.parsing.addresses import read_addresses
from tasks.parsing.bodies import gather
from tasks.parsing.dates import read_date
from tasks.parsing.fields import Fields
from tasks.parsing.headers import decode_text
from tasks.parsing.limits import Limits
from tasks.parsing.mail import Forwarded
from tasks.parsing.mail_context import MailContext
from tasks.parsing.mail_parts import MailParts, TextBudget
from tasks.parsing.part import Part
from tasks.parsing.texts import join, read_bodies

# A mail inside the mail is wanted whole, its history too.
FORWARDED = MailContext(purpose="forward")


@dataclass(kw_only=True, slots=True)
class Thread:
    """The mails inside a mail, outermost first, and all that their parts came to."""

    mails: list[Forwarded] = field(default_factory=list)
    parts: list[MailParts] = field(default_factory=list)
    cut: bool = False


def read_thread(nested: list[Part], limits: Limits, budget: TextBudget) -> Thread:
    """Return the mails in these parts, and those inside them in turn, up to `limits.forwarded`."""
    thread = Thread()
    waiting = list(reversed(nested))
    while waiting:
        if len(thread.mails) == limits.forwarded:
            thread.cut = True
            break
        part = waiting.pop()
        found = gather(part, limits, budget)
        thread.parts.append(found)
        thread.mails.append(read_forwarded(part, found, limits))
        waiting += reversed(found.nested)
    return thread


def read_forwarded(part: Part, found: MailParts, limits: Limits) -> Forwarded:
    fields = Fields(part, limits)
    text = read_bodies(found.bodies, limits, FORWARDED)
    sender = next(iter(read_addresses(fields.all("from"))), ("", ""))
    written = join([text.new, text.signature, text.quoted]) or join(found.reports)
    return Forwarded(
        sender=display(*sender),
        subject=decode_text(fields.first("subject")),
        date=read_date(fields.first("date")).moment,
        text=written[: limits.forwarded_text_chars],
    )


def display(name: str, address: str) -> str:
    """Return a mailbox as people write it."""
    return f"{name} <{address}>" if name and address else name or address


def as_text(mail: Forwarded) -> str:
    """Return a mail inside the mail as the text of a mail that has nothing else."""
    head = [f"From: {mail.sender}" if mail.sender else "", f"Subject: {mail.subject}" if mail.subject else ""]
    return "\n".join([line for line in head if line] + ([f"\n{mail.text}"] if mail.text else []))
