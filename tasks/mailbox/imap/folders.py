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


# As Exchange, Outlook and others call them; the names of servers that mark no folder.
_USUAL = {
    "Sent": (
        "Sent", "Sent Items", "Sent Mail", "Sent Messages", "Gesendete Elemente", "Gesendete Objekte", "Gesendet",
        "Éléments envoyés", "Messages envoyés", "Envoyés", "Elementos enviados", "Enviados", "Posta inviata", "Inviata",
        "Itens Enviados", "Verzonden items", "Verzonden", "Skickat", "Skickade objekt", "Sendt post",
        "Elementy wysłane", "Отправленные", "送信済みアイテム", "送信済み", "已发送邮件",
    ),
    "Drafts": (
        "Drafts", "Draft", "Entwürfe", "Brouillons", "Borradores", "Bozze", "Rascunhos", "Concepten", "Utkast",
        "Kladder", "Wersje robocze", "Черновики", "下書き", "草稿",
    ),
    "Archive": (
        "Archive", "Archives", "Archiv", "Archivo", "Archivio", "Arquivo", "Archief", "Arkiv", "Archiwum", "Архив",
        "アーカイブ", "存档",
    ),
}  # fmt: skip


def find_folder(box: BaseMailBox, named: str, use: str) -> str | None:
    """The folder of the owner's name or, without one, the one that the server marks for this use, or of a usual name.

    `use` is as in RFC 6154, without its backslash: `Sent`. Null where there is none. A usual name may stand below the
    inbox, as on servers that keep all folders there.
    """
    folders = list_folders(box)
    names = [one.name for one in folders]
    if named:
        return named if named in names else None
    marked = [one.name for one in folders if f"\\{use}".lower() in (flag.lower() for flag in one.flags)]
    below = {one.name.removeprefix(f"INBOX{one.delim}").casefold(): one.name for one in reversed(folders)}
    usual = (below.get(name.casefold()) for name in _USUAL.get(use, (use,)))
    return next(iter(marked), None) or next(filter(None, usual), None)
