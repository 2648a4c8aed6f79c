"""Links and numbers that a text may contain: those on the operator's list, and those of the mail's own domain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import idna

from tasks.links.hosts import is_public_suffix

_ADDRESS = re.compile(r"(?:mailto:)?([^@\s]+)@([^@\s/\\?#:]+)", re.IGNORECASE)
_URL = re.compile(r"(?:https?://)?([^\s/\\?#:@\[\]]+?)\.?(?::\d{1,5})?([/?#][^\s\\@]*)?", re.IGNORECASE)
_AROUND = " \t\r\n.,;:!?)]}>\"'([{<*_"


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Hosts, addresses and numbers that may stay in a text. Hosts are in IDNA and lower case.

    `hosts` and `own_hosts` include their subdomains. Only `hosts` include their e-mail addresses.
    """

    hosts: frozenset[str] = frozenset()
    own_hosts: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    """Telephone numbers, accounts and handles, without blanks and punctuation."""

    def with_sender(self, address: str) -> Allowed:
        """Return a copy that also allows a verified sender's address and its domain.

        A domain that is a public suffix is not allowed, because others share it.
        """
        domain = ascii_host(address.rpartition("@")[2])
        hosts = self.own_hosts if not domain or is_public_suffix(domain) else self.own_hosts | {domain}
        addresses = self.addresses | {address.lower()}
        return Allowed(hosts=self.hosts, own_hosts=hosts, addresses=addresses, others=self.others)

    def has(self, found: str) -> tuple[bool, str]:
        """Return whether `found` is allowed, and the path after its host, which may contain another link."""
        text = found.strip(_AROUND)
        if address := _ADDRESS.fullmatch(text):
            host = ascii_host(address[2])
            return f"{address[1]}@{host}".lower() in self.addresses or _is_below(host, self.hosts), ""
        if _squeezed(text) in self.others:
            return True, ""
        url = _URL.fullmatch(text)
        if url is None:
            return False, ""
        return _is_below(ascii_host(url[1]), self.hosts | self.own_hosts), url[2] or ""


def allow(entries: Iterable[str]) -> Allowed:
    """Parse an operator's list: hosts, addresses, telephone numbers, accounts and handles, in any form."""
    addresses, hosts, others = set(), set(), set()
    for entry in (entry.strip() for entry in entries):
        local, at, domain = entry.rpartition("@")
        if at and local:
            addresses.add(f"{local}@{ascii_host(domain)}".lower())
        elif "." in entry and any(letter.isalpha() for letter in entry) and ascii_host(entry):
            hosts.add(ascii_host(entry))
        elif entry:
            others.add(_squeezed(entry))
    return Allowed(hosts=frozenset(hosts), addresses=frozenset(addresses), others=frozenset(others))


def ascii_host(host: str) -> str:
    """Return the host in IDNA (UTS 46) and lower case; empty if it is invalid. An ASCII host is not changed."""
    if host.isascii():
        return host.strip(".").lower()
    try:
        return idna.encode(host.strip("."), uts46=True, transitional=False).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def _is_below(host: str, hosts: frozenset[str]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in hosts) if host else False


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter in "+@")


NOTHING = Allowed()
