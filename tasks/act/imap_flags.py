"""IMAP flags, and keywords or Gmail's labels in their place, set on a mail where it lies, and looked for there."""

from __future__ import annotations

import imaplib
import re

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError, MailboxFlagError
from imap_tools.utils import check_command_status

from tasks.act.at_source import change_mail, work_on_mail
from tasks.act.mail_search import FoundMail, MailGone
from tasks.act.mailboxes import Connection
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect
from tasks.mailbox.imap.pages import GMAIL


async def set_flag(effect: Effect, context: ActionContext, flag: str) -> str:
    """Set a flag or keyword; setting it again changes nothing."""

    def work(opened: Connection, mail: FoundMail) -> None:
        context.about_to()
        # imap_tools' own `flag` would expunge what others marked as deleted.
        item = "+X-GM-LABELS" if _is_label(opened.box, flag) else "+FLAGS"
        answer = opened.box.client.uid("STORE", mail.uid, item, f"({flag})")
        check_command_status(answer, MailboxFlagError)
        if flag.lower() not in _marks_of(opened.box, mail.uid, flag):
            raise NotDone(f"the server does not keep `{flag}`; it may allow no keywords of ours in this folder")

    await change_mail(effect, context, work)
    return f"`{flag}` set"


async def has_flag(effect: Effect, context: ActionContext, flag: str) -> Found:
    """Whether the mail has the flag. Setting it twice is harmless, so a mail that can't be found counts as not done."""

    def work(opened: Connection, mail: FoundMail) -> bool:
        return flag.lower() in _marks_of(opened.box, mail.uid, flag)

    try:
        return "done" if await work_on_mail(effect, context, work) else "not done"
    except MailGone:
        return "not done"


def has_labels(box: BaseMailBox) -> bool:
    """Whether the server has Gmail's labels, which people see there, as keywords they do not."""
    return GMAIL in box.client.capabilities


def _is_label(box: BaseMailBox, flag: str) -> bool:
    return not flag.startswith("\\") and has_labels(box)


def _marks_of(box: BaseMailBox, uid: str, flag: str) -> set[str]:
    return read_labels(box, uid) if _is_label(box, flag) else read_flags(box, uid)


def read_labels(box: BaseMailBox, uid: str) -> set[str]:
    """Gmail's labels of a mail in the selected folder, in lower case; empty where it is gone.

    Gmail leaves out the label of the selected folder itself.
    """
    answer = box.client.uid("FETCH", uid, "(X-GM-LABELS)")
    check_command_status(answer, MailboxFetchError)
    text = b" ".join(part for item in answer[1] for part in (item if isinstance(item, tuple) else (item or b"",)))
    found = _LABELS.search(text.decode("utf-8", "replace"))
    return (
        {(quoted or atom).replace('\\"', '"').lower() for quoted, atom in _LABEL.findall(found[1])} if found else set()
    )


_LABELS = re.compile(r'X-GM-LABELS \(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)')
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s"]+)')


def read_flags(box: BaseMailBox, uid: str) -> set[str]:
    """The flags and keywords of a mail in the selected folder, in lower case; empty where it is gone."""
    answer = box.client.uid("FETCH", uid, "(FLAGS)")
    check_command_status(answer, MailboxFetchError)
    lines = [line for line in answer[1] if isinstance(line, bytes)]
    return {flag.decode("ascii", "replace").lower() for line in lines for flag in imaplib.ParseFlags(line)}
