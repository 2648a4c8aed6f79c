"""The addresses to which a reply may go, in IDNA: several where it is unclear from which one a person wrote."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from email.message import Message

from tasks.links import ascii_host
from tasks.parsing.addresses import read_addresses
from tasks.parsing.automatic import asked_for_by_form, is_no_reply
from tasks.settings.replies import bare_address

Candidate = dict[str, str]
"""`address`, and `why` it may be the right one."""

_NAMED_BY = {
    "Reply-To": "the mail's Reply-To",
    "X-Original-From": "its sender before a list changed it (X-Original-From)",
    "X-Original-Sender": "its sender before a list changed it (X-Original-Sender)",
    "Original-From": "its sender before a list changed it (Original-From)",
    "From": "the mail's From",
    "Sender": "the mail's Sender",
}
_FORBIDDEN = frozenset(' <>()[],;:\\"')
_MOST_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3
_MOST_CANDIDATES = 10


def mail_address(text: str) -> str:
    """The address with its domain in IDNA; empty if it is invalid. The local part may be in any script (RFC 6531)."""
    local, at, domain = text.rpartition("@")
    host = ascii_host(domain.strip("<> ."))
    usable = all(letter.isprintable() and letter not in _FORBIDDEN for letter in f"{local}{host}")
    address = f"{local}@{host}"
    is_address = (
        at and local and "@" not in local and "." in host and usable and len(address.encode()) <= _MOST_CHARACTERS
    )
    return address if is_address else ""


def read_field(headers: Message, name: str) -> list[str]:
    """All values of a field, undecoded."""
    # `get_all` would wrap 8-bit values in objects of another type.
    return [str(value) for key, value in headers.raw_items() if key.lower() == name.lower()]


def addresses_in(headers: Message, name: str) -> list[str]:
    """The usable addresses in all fields of this name, each once."""
    found = (mail_address(address) for _, address in read_addresses(read_field(headers, name)))
    return list(dict.fromkeys(address for address in found if address))


def candidates_of(headers: Message, ours: Collection[str]) -> tuple[Candidate, ...]:
    """All possible recipients of an answer, without our own addresses and no-reply addresses."""
    found: dict[str, str] = {}
    for name, why in _NAMED_BY.items():
        for address in addresses_in(headers, name):
            found.setdefault(address, why)
    usable = [(one, why) for one, why in found.items() if bare_address(one) not in ours and not is_no_reply(one)]
    return tuple({"address": address, "why": why} for address, why in usable[:_MOST_CANDIDATES])


def other_recipients(headers: Message, answered: str, ours: Collection[str]) -> list[str]:
    """Whom the mail went to besides us and whom it is answered to; nobody where a list passed it on, and no list."""
    if _is_listed(headers):
        return []
    found = [one for name in ("To", "Cc") for one in addresses_in(headers, name)]
    known = {bare_address(answered), *ours}
    return [one for one in found if bare_address(one) not in known and not _is_of_many(one)][:_MOST_COPIED]


_MOST_COPIED = 20
_OF_LISTS = re.compile(
    r"(^|[-.])(list|lists|all|everyone|team-?all)@|@(lists?|groups|listserv|mailman)\.|@googlegroups\.com$|@.*groups\.io$"
)


def _is_of_many(address: str) -> bool:
    """Whether nobody reads there, or a list does, by its name."""
    return is_no_reply(address) or bool(_OF_LISTS.search(address.lower()))


def _is_listed(headers: Message) -> bool:
    return any(name.lower().startswith("list-") for name in headers) or bool(read_field(headers, "Mailing-List"))


def why_open(headers: Message, ours: Collection[str]) -> str:
    """Why it is unclear who sent the mail; empty where it is clear."""
    senders = addresses_in(headers, "From")
    if asked_for_by_form(senders, addresses_in(headers, "Reply-To"), ours):
        return "a form or a program sent it for somebody"
    return "a mailing list changed its sender" if _is_changed_by_list(headers, senders) else ""


def _is_changed_by_list(headers: Message, senders: Iterable[str]) -> bool:
    if not _is_listed(headers):
        return False
    originals = [
        one for name in ("X-Original-From", "X-Original-Sender", "Original-From") for one in addresses_in(headers, name)
    ]
    names = [name.lower() for name, _ in read_addresses(read_field(headers, "From"))]
    of_list = "".join(read_field(headers, "List-Post") + read_field(headers, "List-Id")).lower()
    return (
        any(one not in senders for one in originals)
        or any(f" {word} " in name for name in names for word in _VIA)
        or any(one.lower() in of_list or one.lower().replace("@", ".") in of_list for one in senders)
    )


_VIA = ("via", "über", "par l'intermédiaire de", "durch", "por medio de", "через", "tramite", "経由")
