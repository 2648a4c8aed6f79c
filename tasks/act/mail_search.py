"""Finds the mail of an effect: by its UID, or by its Message-ID or size. The bytes are always compared."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderSelectError
from imap_tools.folder import FolderInfo

from tasks.act.mail_on_record import MailOnRecord
from tasks.act.mailboxes import MailLocation
from tasks.mailbox.imap.folders import list_folders
from tasks.mailbox.imap.pages import fetch_heads, fetch_mails
from tasks.mailbox.imap.refusals import passing_refusal
from tasks.mailbox.imap.searches import by_id, can_be_quoted, quoted
from tasks.mailbox.imap.uids import read_uidvalidity
from tasks.parsing.automatic import OWN_ID
from tasks.parsing.read_mail import read_mail

_MOST_HITS = 500  # mails with one Message-ID in one folder
_MOST_FOLDERS = 100  # folders searched for a mail that is in none of the expected ones
# A mail longer than this, at its own UID, is compared by size and header; the body of a shorter one is compared, too.
_COMPARED_BYTES = 256_000


class MailGone(Exception):
    """The mail is no longer in its mailbox, or the mail in its place is another one."""


class SeveralFit(Exception):
    """Several mails match the one on record, so it is unclear which one is meant."""


@dataclass(frozen=True, kw_only=True)
class SoughtMail:
    """The mail to find: its key, its bytes, and its locations in this mailbox, oldest first."""

    message_key: str
    record: MailOnRecord
    locations: Sequence[MailLocation]

    @property
    def folders(self) -> list[str]:
        """The folders in which it was seen."""
        return list(dict.fromkeys(location.folder for location in self.locations))


@dataclass(frozen=True, kw_only=True)
class FoundMail:
    """Where a mail is now. Its folder is selected."""

    folder: str
    uid: str


def find_mail(
    box: BaseMailBox, sought: SoughtMail, moved_to: Sequence[str] = (), also_in: Sequence[str] = ()
) -> FoundMail:
    """Find the mail. Searched in this order: `moved_to`, its UIDs, its folders with `also_in`, all other folders.

    Raises:
        MailGone: No mail in the mailbox is the one on record.
        SeveralFit: More than one mail matches it.
    """
    if not sought.record.raw:
        raise MailGone("the ledger does not have the bytes of the mail, so it cannot be identified")
    found = _search(box, moved_to, sought.record) or _at_its_uid(box, sought)
    near = [*sought.folders, *also_in]
    return found or _search(box, near, sought.record) or _find_elsewhere(box, sought, {*moved_to, *near})


def find_copies(box: BaseMailBox, folder: str, mail: MailOnRecord) -> list[str]:
    """UIDs of the folder's mails that equal this mail. Mailroom wrote it, so it has an ASCII Message-ID."""
    box.folder.set(folder)
    return _fitting(box, box.uids(by_id(mail.message_id), charset=None), mail)


def has_draft(box: BaseMailBox, folder: str, mail: MailOnRecord) -> bool:
    """Whether the folder has a mail with this mail's Message-ID and the draft flag, whatever its text."""
    box.folder.set(folder)
    return bool(box.uids(f"DRAFT {by_id(mail.message_id)}", charset=None))


def has_answer(box: BaseMailBox, folder: str, mail: MailOnRecord) -> bool:
    """Whether a mail in the folder says that it answers this one; replies of ours are no people's."""
    if not can_be_quoted(mail.message_id):
        return False
    named = quoted(mail.message_id)
    box.folder.set(folder, readonly=True)
    uids = box.uids(f"OR HEADER In-Reply-To {named} HEADER References {named}", charset=None)
    heads = fetch_heads(box, [int(uid) for uid in uids[-_MOST_HITS:]])
    return any(not OWN_ID.match(MailOnRecord(head.raw).message_id) for head in heads)


def _at_its_uid(box: BaseMailBox, sought: SoughtMail) -> FoundMail | None:
    """The mail at the UID where it was seen. Its bytes are checked: some servers reuse a UID for another mail."""
    for location in sought.locations:
        if _select(box, location.folder) == location.uidvalidity and _is_still_at(box, sought, location):
            return FoundMail(folder=location.folder, uid=str(location.uid))
    return None


def _is_still_at(box: BaseMailBox, sought: SoughtMail, location: MailLocation) -> bool:
    record = sought.record
    for head in fetch_heads(box, [location.uid]):
        alike = head.size_bytes == record.size_bytes and MailOnRecord(head.raw).has_head_of(record)
        if alike and head.size_bytes > _COMPARED_BYTES:
            return True
        whole = next((mail.raw for mail in fetch_mails(box, [location.uid])), b"")
        if MailOnRecord(whole).is_mail_of(record):
            return True
        # The bytes on record may come from another source in which the same mail was seen before.
        return location is sought.locations[0] and read_mail(whole).message_key == sought.message_key
    return False


def _search(box: BaseMailBox, folders: Iterable[str], record: MailOnRecord) -> FoundMail | None:
    for folder in dict.fromkeys(folders):
        hits = _hits_in(box, folder, record)
        if len(hits) > 1:
            raise SeveralFit(f"{len(hits)} mails in `{folder}` fit what is on record: nothing was done to any of them")
        if hits:
            return _open(box, folder, hits[0])
    return None


def _select(box: BaseMailBox, folder: str, *, readonly: bool = False) -> int | None:
    """Select the folder and return its UIDVALIDITY; null where it cannot be opened."""
    try:
        box.folder.set(folder, readonly=readonly)
    except MailboxFolderSelectError as no:
        if passing_refusal(no):
            raise
        return None
    return read_uidvalidity(box)


def _hits_in(box: BaseMailBox, folder: str, record: MailOnRecord) -> list[str]:
    """Select the folder read-only and return the UIDs of its mails that are the mail on record."""
    if _select(box, folder, readonly=True) is None:
        return []
    criteria = by_id(record.message_id) if can_be_quoted(record.message_id) else _by_size(record)
    return _fitting(box, box.uids(criteria, charset=None), record)


def _by_size(record: MailOnRecord) -> str:
    least = f"LARGER {record.size_bytes - 1}"
    return least if record.is_cut else f"{least} SMALLER {record.size_bytes + 1}"


def _fitting(box: BaseMailBox, uids: Sequence[str], record: MailOnRecord) -> list[str]:
    """The UIDs in the selected folder whose mail is the one on record, apart from what servers change."""
    if len(uids) > _MOST_HITS:
        raise SeveralFit(f"{len(uids)} mails look like it, too many to compare them")
    heads = fetch_heads(box, [int(uid) for uid in uids])
    alike = [head.uid for head in heads if MailOnRecord(head.raw).has_head_of(record)]
    mails = [(str(mail.uid), MailOnRecord(mail.raw)) for mail in fetch_mails(box, alike)]
    same = [uid for uid, mail in mails if mail.digest == record.digest]
    return same or [uid for uid, mail in mails if mail.is_mail_of(record)]


def _open(box: BaseMailBox, folder: str, uid: str) -> FoundMail:
    box.folder.set(folder)
    return FoundMail(folder=folder, uid=uid)


def _find_elsewhere(box: BaseMailBox, sought: SoughtMail, searched: Container[str]) -> FoundMail:
    others = [one for one in list_folders(box) if one.name not in searched and not _has(one, *_NOT_A_FOLDER)]
    # A folder of all mail, as in Gmail, contains mails that are also in other folders.
    ordinary = [one for one in others if not _has(one, "\\All")]
    for folders in (ordinary[:_MOST_FOLDERS], [one for one in others if _has(one, "\\All")]):
        hits = [(one, uid) for one in folders for uid in _hits_in(box, one.name, sought.record)]
        if len(hits) > 1:
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(one.name for one, _ in hits))
            raise SeveralFit(f"{len(hits)} mails in {names} fit what is on record: nothing was done to any of them")
        for one, uid in hits:
            if _has(one, "\\Trash", "\\Junk"):
                raise MailGone(f"its owner put the mail into `{one.name}`")
            return _open(box, one.name, uid)
    raise MailGone(f"the mail is no longer in {' or '.join(f'`{name}`' for name in sought.folders)}, nor elsewhere")


_NOT_A_FOLDER = ("\\Noselect", "\\NonExistent", "\\Flagged", "\\Important")


def _has(folder: FolderInfo, *marks: str) -> bool:
    wanted = {mark.lower() for mark in marks}
    return any(flag.lower() in wanted for flag in folder.flags)
