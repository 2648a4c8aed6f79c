"""One reply a conversation: the one to its newest mail. Those to earlier mails that still wait are superseded.

Whoever knows a Message-ID can write into its conversation. So a mail supersedes the reply to another only if its
sender, or somebody of the same domain, is among the people of that other mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.message import Message
from itertools import groupby

from sqlalchemy import Engine

from tasks.act.recipients import addresses_in
from tasks.ledger.messages import load_raw
from tasks.ledger.thread_replies import ThreadReply, replies_beside, supersede
from tasks.parsing.headers import read_head

_PEOPLE = ("From", "Reply-To", "To", "Cc")


def supersede_older(engine: Engine, keys: Iterable[str], ours: frozenset[str]) -> dict[str, str]:
    """The replies that are superseded now in the conversations of these mails, each with the key of the later mail.

    What a dry run planned supersedes nothing but what dry runs planned.
    """
    pairs = _pairs(replies_beside(engine, keys))
    if not pairs:
        return {}
    mails = {key for older, later in pairs.items() for key in (older.message_key, *(one.message_key for one in later))}
    heads = {found["message_key"]: read_head(found["raw"]) for found in load_raw(engine, mails)}
    by: dict[str, str] = {}
    for older, later in pairs.items():
        known = [one.message_key for one in later if _is_known(one.message_key, older.message_key, heads, ours)]
        if known:
            by[older.effect_id] = known[-1]
    changed = supersede(engine, {effect_id: _why(key) for effect_id, key in by.items()})
    return {effect_id: by[effect_id] for effect_id in changed}


def _why(key: str) -> str:
    return f"a later mail of its conversation is answered in its place ({key[:12]})"


def _pairs(replies: Iterable[ThreadReply]) -> dict[ThreadReply, list[ThreadReply]]:
    """Every open reply to which there is one to a later mail of its conversation, with those, the earliest first."""
    pairs: dict[ThreadReply, list[ThreadReply]] = {}
    for _, group in groupby(replies, key=lambda one: one.thread):
        ordered = list(group)
        for place, older in enumerate(ordered):
            later = [one for one in ordered[place + 1 :] if _outdoes(one, older)]
            if older.is_open and later:
                pairs[older] = later
    return pairs


def _outdoes(later: ThreadReply, older: ThreadReply) -> bool:
    return later.message_key != older.message_key and (older.dry_run or not later.dry_run)


def _is_known(later: str, older: str, heads: Mapping[str, Message], ours: frozenset[str]) -> bool:
    """Whether the later mail's sender is one of the older mail's people, or of their domain."""
    if later not in heads or older not in heads:
        return False
    people = {one.lower() for name in _PEOPLE for one in addresses_in(heads[older], name)} - ours
    domains = {_domain(one) for one in people}
    return any(one.lower() in people or _domain(one) in domains for one in addresses_in(heads[later], "From"))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
