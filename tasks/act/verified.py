"""Whom a mail is from, and who says so: nobody is written to whose address could be anybody's invention.

A From field is believed when our own mail server vouches for its domain (the topmost Authentication-Results that bears
one of our names; anyone can write the others), or when a DKIM signature of its domain covers it. Signatures with `l=`
are not believed: text can be added below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message

import authres

from tasks.act.domains import Dns, is_aligned
from tasks.parsing.addresses import read_addresses


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whom to answer, and whether that can be relied on; `address` is empty where the mail names nobody."""

    address: str
    name: str
    verified: bool
    why: str


def whom_to_answer(raw: bytes, headers: Message, authserv_ids: Sequence[str], dns: Dns) -> Verdict:
    """The mail's verified From, or its Reply-To at the same domain; never raises on content.

    `headers` are those of `raw`, by `tasks.parsing.headers.read_head`.
    """
    senders = read_addresses(_raw(headers, "From"))
    if len(_raw(headers, "From")) != 1 or len(senders) != 1:
        address = senders[0][1] if senders and _is_address(senders[0][1]) else ""
        return Verdict(address=address, name="", verified=False, why="it does not name exactly one sender")
    name, address = senders[0]
    if not _is_address(address):
        return Verdict(address="", name=name, verified=False, why="its sender is no mail address")
    why = _vouched(headers, _domain(address), authserv_ids)
    if not why and _raw(headers, "DKIM-Signature"):
        from tasks.act.signatures import signer_of  # its library takes 5 MB, which few runs need

        why = signer_of(raw, _domain(address), dns)
    if not why:
        reason = f"nobody vouches for `{_domain(address)}`: no Authentication-Results of ours, no DKIM signature of it"
        return Verdict(address=address, name=name, verified=False, why=reason)
    return _reply_to(headers, Verdict(address=address, name=name, verified=True, why=why))


def _reply_to(headers: Message, sender: Verdict) -> Verdict:
    wanted = {address for _, address in read_addresses(_raw(headers, "Reply-To"))}
    if not wanted or wanted == {sender.address}:
        return sender
    other = next(iter(wanted))
    if len(wanted) > 1 or not _is_address(other) or _domain(other) != _domain(sender.address):
        # A true sender may still point the answer at somebody who never asked for it.
        why = "its Reply-To points elsewhere than to its verified sender"
        return Verdict(address=sender.address, name=sender.name, verified=False, why=why)
    return Verdict(address=other, name=sender.name, verified=True, why=f"{sender.why}; Reply-To at the same domain")


def _vouched(headers: Message, domain: str, authserv_ids: Sequence[str]) -> str:
    ours = {name.lower() for name in authserv_ids}
    for value in _raw(headers, "Authentication-Results"):
        words = value.partition(";")[0].split()
        if words and words[0].strip('"').lower() in ours:
            passed = next((method for method, said in _passed(value) if is_aligned(_domain(said), domain)), "")
            return f"{passed}=pass for `{domain}`, says {words[0]}" if passed else ""
    return ""


def _passed(value: str) -> list[tuple[str, str]]:
    """The methods that passed, each with whose name it is that was checked; none where the header is no good."""
    try:
        results = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}").results
    except (authres.AuthResError, ValueError, IndexError, TypeError):
        return []
    return [
        (str(one.method).lower(), str(each.value))
        for one in results
        for each in getattr(one, "properties", [])
        if str(one.result).lower() == "pass" and (str(one.method).lower(), f"{each.type}.{each.name}".lower()) in _NAMES
    ]


_NAMES = {("dmarc", "header.from"), ("dkim", "header.d"), ("dkim", "header.i"), ("spf", "smtp.mailfrom")}


def _raw(headers: Message, name: str) -> list[str]:
    # `get_all` would wrap 8-bit values in an object of another kind.
    return [str(value) for key, value in headers.raw_items() if key.lower() == name.lower()]


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip("<> .").lower()


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not any(c in text for c in ' <>()[],;:\\"\r\n')
    return bool(at and local and "." in domain and plain and len(text) <= 254)
