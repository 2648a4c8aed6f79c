"""Verifies the sender of a mail, so that no reply goes to a forged address.

A From field is trusted if our own mail server vouches for its domain (in the topmost Authentication-Results with one of
our names; anybody can write others), or if a DKIM signature of its domain covers it. Signatures with `l=` are not
trusted, because text can be added below them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from email.message import Message

import authres

from tasks.act.domains import Dns, is_aligned
from tasks.act.recipients import Candidate, addresses_in, candidates_of, mail_address, read_field, why_open
from tasks.links import ascii_host
from tasks.parsing.addresses import read_addresses


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whom to answer, and whether that is verified. `address` is empty where the mail has no usable address.

    Where the recipient is unclear, `candidates` has all possible ones, and a person must choose.
    """

    address: str
    name: str
    verified: bool
    why: str
    candidates: tuple[Candidate, ...] = ()


def whom_to_answer(
    raw: bytes, headers: Message, authserv_ids: Sequence[str], dns: Dns, ours: Collection[str] = ()
) -> Verdict:
    """The mail's verified From, or its Reply-To at the same domain. Never raises, whatever the mail contains.

    `headers` are those of `raw`, from `tasks.parsing.headers.read_head`. `ours` are our own addresses.
    """
    sender = _sender(raw, headers, authserv_ids, dns)
    if why := why_open(headers, ours):
        found = candidates_of(headers, ours)
        return replace(sender, verified=False, why=f"{why}: choose whom to answer", candidates=found)
    return _reply_to(headers, sender, ours) if sender.address else sender


def _sender(raw: bytes, headers: Message, authserv_ids: Sequence[str], dns: Dns) -> Verdict:
    fields = read_field(headers, "From")
    senders = read_addresses(fields)
    address = mail_address(senders[0][1]) if senders else ""
    if len(fields) != 1 or len(senders) != 1:
        return Verdict(address=address, name="", verified=False, why="it does not name exactly one sender")
    name = senders[0][0]
    if not address:
        return Verdict(address="", name=name, verified=False, why="its sender is no mail address")
    why = _vouched(headers, _domain(address), authserv_ids)
    if not why and read_field(headers, "DKIM-Signature"):
        from tasks.act.signatures import signer_of  # imported here: its library takes 5 MB, and few runs need it

        why = signer_of(raw, _domain(address), dns)
    if not why:
        reason = f"nobody vouches for `{_domain(address)}`: no Authentication-Results of ours, no DKIM signature of it"
        return Verdict(address=address, name=name, verified=False, why=reason)
    return Verdict(address=address, name=name, verified=True, why=why)


def _reply_to(headers: Message, sender: Verdict, ours: Collection[str]) -> Verdict:
    wanted = addresses_in(headers, "Reply-To")  # a field without an address is ignored
    if not wanted or wanted == [sender.address]:
        return sender
    if len(wanted) > 1 or not sender.verified or _domain(wanted[0]) != _domain(sender.address):
        # Even a verified sender may direct the answer to a third person who did not ask for it.
        why = "its Reply-To points elsewhere than to its verified sender" if sender.verified else sender.why
        return replace(sender, verified=False, why=why, candidates=candidates_of(headers, ours))
    return replace(sender, address=wanted[0], why=f"{sender.why}; Reply-To at the same domain")


def _vouched(headers: Message, domain: str, authserv_ids: Sequence[str]) -> str:
    ours = {name.lower() for name in authserv_ids}
    for value in read_field(headers, "Authentication-Results"):
        words = value.partition(";")[0].split()
        if words and words[0].strip('"').lower() in ours:
            passed = next((method for method, said in _passed(value) if is_aligned(_domain(said), domain)), "")
            return f"{passed}=pass for `{domain}`, says {words[0]}" if passed else ""
    return ""


def _passed(value: str) -> list[tuple[str, str]]:
    """The methods that passed, each with the name that it verified; none where the field is malformed."""
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


def _domain(address: str) -> str:
    return ascii_host(address.rpartition("@")[2].strip("<> ."))
