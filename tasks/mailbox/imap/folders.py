"""The folders of a mailbox, and which of them is for drafts, sent or archived mail (RFC 6154)."""

from __future__ import annotations

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderStatusError
from imap_tools.folder import FolderInfo
from imap_tools.utils import check_command_status


def list_folders(box: BaseMailBox) -> list[FolderInfo]:
    """All folders of the mailbox, of which there is always one."""
    folders = box.folder.list()
    if not folders:  # the server refused, which imap_tools does not look at
        check_command_status(box.client.list(), MailboxFolderStatusError)
        folders = box.folder.list()
    return folders


def find_folder(box: BaseMailBox, named: str, use: str) -> str | None:
    """The folder of the owner's name or, without one, the one that the server marks for this use, or of its name.

    `use` is as in RFC 6154, without its backslash: `Sent`. Null where there is none.
    """
    folders = list_folders(box)
    marked = [one.name for one in folders if f"\\{use}".lower() in (flag.lower() for flag in one.flags)]
    name = named or next(iter(marked), use)
    return name if name in [one.name for one in folders] else None
