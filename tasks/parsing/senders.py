"""Who wrote a mail, and what of its sender's fields could deceive a reader."""

from __future__ import annotations

from tasks.parsing.addresses import ANYWHERE, normal_address
from tasks.parsing.fields import Fields
from tasks.parsing.lookalikes import is_lookalike

SEVERAL_FIELDS = "several From fields"
SEVERAL_SENDERS = "several senders in the From field"
ANOTHER_ADDRESS = "another address in the sender's name"
LOOKALIKE = "lookalike domain of the sender"
LOOKALIKE_REPLY = "lookalike domain to reply to"
RECIPIENTS = ("to", "cc", "delivered-to", "x-original-to")


def sender_of(fields: Fields) -> tuple[str, str]:
    """Return the name and the address of who wrote the mail, else of who sent it."""
    senders = fields.mailboxes("from") or fields.mailboxes("sender")
    return next((one for one in senders if "@" in one[1]), senders[0] if senders else ("", ""))


def addresses(fields: Fields, name: str) -> tuple[str, ...]:
    """Return the addresses in all fields of a name."""
    return tuple(address for _, address in fields.mailboxes(name) if address)


def sender_defects(fields: Fields) -> list[str]:
    """Return what could deceive a reader in the sender's fields.

    Each text is always the same, so that rules can ask for it.
    """
    senders = {address.lower() for address in addresses(fields, "from")}
    name, address = sender_of(fields)
    known = {domain_of(one) for field in RECIPIENTS for one in addresses(fields, field)}
    found = {
        SEVERAL_FIELDS: len(fields.all("from")) > 1,
        SEVERAL_SENDERS: len(senders) > 1,
        ANOTHER_ADDRESS: names_another(name, address),
        LOOKALIKE: is_lookalike(domain_of(address), known),
        LOOKALIKE_REPLY: any(is_lookalike(domain_of(one), known) for one in addresses(fields, "reply-to")),
    }
    return [defect for defect, is_found in found.items() if is_found]


def names_another(name: str, address: str) -> bool:
    """Return whether an address stands in a name that is not the sender's."""
    return "@" in name and any(normal_address(one).lower() != address.lower() for one in ANYWHERE.findall(name))


def domain_of(address: str) -> str:
    """Return an address's domain; empty where it has none."""
    return address.rpartition("@")[2] if "@" in address else ""
