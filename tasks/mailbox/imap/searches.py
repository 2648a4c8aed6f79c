"""Searches for mails by their Message-ID."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderSelectError

from tasks.mailbox.imap.marks import read_marks
from tasks.mailbox.imap.pages import fetch_mails

_MOST_ALIKE = 5  # mails of one Message-ID in one folder


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundById:
    """A mail that bears a Message-ID that was searched for. Anybody can send another with the same one."""

    name: str
    """What the search called it."""
    folder: str
    raw: bytes
    marks: frozenset[str]


def find_by_id(box: BaseMailBox, folders: Iterable[str], ids: Mapping[str, str]) -> Iterator[FoundById]:
    """Mails in these folders with these Message-IDs, given by names; a folder that is not there is passed over."""
    wanted = {name: one for name, one in ids.items() if can_be_quoted(one)}
    for folder in folders if wanted else ():
        try:
            box.folder.set(folder, readonly=True)
        except MailboxFolderSelectError:
            continue
        for name, one in wanted.items():
            uids = [int(uid) for uid in box.uids(by_id(one), charset=None)[-_MOST_ALIKE:]]
            marks = read_marks(box, uids)
            for mail in fetch_mails(box, sorted(uids)):
                yield FoundById(name=name, folder=folder, raw=mail.raw, marks=marks.get(mail.uid, frozenset()))


def by_id(message_id: str) -> str:
    """The search for a Message-ID that `can_be_quoted`, without its brackets."""
    return f"HEADER Message-ID {quoted(message_id)}"


def quoted(message_id: str) -> str:
    """The Message-ID in brackets as a string of IMAP."""
    escaped = message_id.replace("\\", "\\\\").replace('"', '\\"')
    return f'"<{escaped}>"'


def can_be_quoted(message_id: str) -> bool:
    """Whether it can be searched for. Other characters would require a CHARSET, which some servers reject."""
    return bool(message_id) and message_id.isascii() and message_id.isprintable()
