"""Fetches mails by UID in pages that are small enough for the memory and large enough to be fast."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError

from tasks.mailbox.imap.marks import flags_in, has_labels, of_people, read_marks
from tasks.mailbox.imap.refusals import passing_refusal
from tasks.mailbox.raw import KEPT_BYTES

# How many mails are asked for their sizes at once, and what is fetched at once at most; a longer mail goes alone.
LISTED_MAILS = 500
PAGE_MAILS = 50
PAGE_BYTES = 4_000_000

UID = re.compile(rb"\bUID (\d+)")
CONVERSATION = re.compile(rb"\bX-GM-THRID (\d+)")
SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
# A mail comes as a literal; a very short one may also be quoted, or NIL.
QUOTED = re.compile(rb'\bBODY\[\](?:<\d+>)? (?:NIL|"((?:[^"\\]|\\.)*)")')

Response = Sequence[bytes | tuple[bytes, bytes] | None]
"""As imaplib gives it: a line, or a line up to a literal with the literal, followed by the rest of the line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """A mail from the server, cut at `KEPT_BYTES`. `problem` says why the server did not send it."""

    uid: int
    raw: bytes = b""
    size_bytes: int = 0
    problem: str = ""
    answered: bool = False
    """Whether it bears `\\Answered`."""
    marks: frozenset[str] = frozenset()
    """Keywords, labels and `\\flagged`, in lower case."""
    conversation: str = ""
    """The number that Gmail gives its conversation (X-GM-THRID); empty elsewhere."""


def fetch_heads(mailbox: BaseMailBox, uids: Sequence[int]) -> Iterator[Fetched]:
    """Yield the heads of these mails and the sizes of the whole mails.

    Mails that are gone are left out. `\\Seen` is not set.
    """
    for start in range(0, len(uids), LISTED_MAILS):
        some = _set_of(uids[start : start + LISTED_MAILS])
        status, response = mailbox.client.uid("FETCH", some, "(UID RFC822.SIZE BODY.PEEK[HEADER])")
        if status != "OK":
            raise MailboxFetchError((status, response), "OK")
        for item, rest in zip(response, [*response[1:], b""], strict=True):
            if isinstance(item, tuple):
                line = item[0] + b" " + (rest if isinstance(rest, bytes) else b"")
                yield from (Fetched(uid=uid, raw=item[1], size_bytes=size) for uid, size in _uid_and_size(line))


def fetch_mails(mailbox: BaseMailBox, uids: Sequence[int]) -> Iterator[Fetched]:
    """Yield the mails with these ascending UIDs, in order. Those that are gone are left out. `\\Seen` is not set."""
    for start in range(0, len(uids), LISTED_MAILS):
        sizes = _fetch_sizes(mailbox, uids[start : start + LISTED_MAILS])
        for page in split_pages(sizes):
            yield from _fetch_page(mailbox, page, sizes)


def split_pages(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Yield ascending UIDs in pages of at most `PAGE_MAILS` and, with more than one mail, at most `PAGE_BYTES`."""
    page: list[int] = []
    room = PAGE_BYTES
    for uid in sorted(sizes):
        if page and (len(page) == PAGE_MAILS or sizes[uid] > room):
            yield page
            page, room = [], PAGE_BYTES
        page.append(uid)
        room -= sizes[uid]
    if page:
        yield page


def _fetch_sizes(mailbox: BaseMailBox, uids: Sequence[int]) -> dict[int, int]:
    """Return the size in bytes of each mail that still exists, by UID."""
    status, response = mailbox.client.uid("FETCH", _set_of(uids), "(RFC822.SIZE)")
    if status != "OK":
        raise MailboxFetchError((status, response), "OK")
    wanted = set(uids)
    found = {uid: size for line in response if line for uid, size in _uid_and_size(line)}
    return {uid: size for uid, size in found.items() if uid in wanted}


def _uid_and_size(line: bytes) -> Iterator[tuple[int, int]]:
    uid, size = UID.search(line), SIZE.search(line)
    if uid and size:
        yield int(uid[1]), int(size[1])


def _fetch_page(mailbox: BaseMailBox, uids: Sequence[int], sizes: Mapping[int, int]) -> Iterator[Fetched]:
    # A part is requested only where a mail is cut, because not every server can send parts.
    part = f"<0.{KEPT_BYTES}>" if any(sizes[uid] > KEPT_BYTES for uid in uids) else ""
    items = "UID FLAGS X-GM-THRID" if has_labels(mailbox) else "UID FLAGS"
    status, response = mailbox.client.uid("FETCH", _set_of(uids), f"({items} BODY.PEEK[]{part})")
    if status == "OK":
        mails = {uid: (raw, line) for uid, raw, line in read_response(response)}
        # Asked for apart: a label may come as a literal, as a mail does.
        labels = read_marks(mailbox, uids) if has_labels(mailbox) else {}
        for uid in uids:
            if uid in mails:
                yield _fetched(uid, *mails[uid], sizes[uid], labels.get(uid))
    elif passing_refusal(refused := MailboxFetchError((status, response), "OK")):
        raise refused
    elif len(uids) > 1:
        # One of them was expunged meanwhile or can't be sent; the others can.
        for uid in uids:
            yield from _fetch_page(mailbox, [uid], sizes)
    elif str(uids[0]) in mailbox.uids(f"UID {uids[0]}", charset=None):
        yield Fetched(uid=uids[0], size_bytes=sizes[uids[0]], problem="the mail server would not give this mail")


def _fetched(uid: int, raw: bytes, line: bytes, size_bytes: int, marks: frozenset[str] | None) -> Fetched:
    flags, conversation = flags_in(line), CONVERSATION.search(line)
    return Fetched(
        uid=uid, raw=raw, size_bytes=size_bytes, answered="\\answered" in flags,
        marks=of_people(flags) if marks is None else marks,
        conversation=conversation[1].decode() if conversation else "",
    )  # fmt: skip


def read_response(response: Response) -> Iterator[tuple[int, bytes, bytes]]:
    """Give UID, bytes, and all else that is told of each mail in the answer to a FETCH; other news is passed over."""
    for item, rest in zip(response, [*response[1:], b""], strict=True):
        if isinstance(item, tuple):
            # The UID and the rest may stand before the mail or after it.
            line = item[0] + b" " + (rest if isinstance(rest, bytes) else b"")
            uid = UID.search(line)
            raw: bytes | None = item[1]
        else:
            quoted = QUOTED.search(item or b"")
            line = item or b""
            uid = UID.search(line) if quoted else None
            raw = re.sub(rb"\\(.)", rb"\1", quoted[1] or b"") if quoted else None
        if uid and raw is not None:
            yield int(uid[1]), raw, line


def _set_of(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
