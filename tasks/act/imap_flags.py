"""IMAP flags and keywords, set on a mail where it lies, and looked for there."""

from __future__ import annotations

import imaplib

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError, MailboxFlagError
from imap_tools.utils import check_command_status

from tasks.act.at_source import change_mail, work_on_mail
from tasks.act.mail_search import FoundMail, MailGone
from tasks.act.mailboxes import Connection
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect


async def set_flag(effect: Effect, context: ActionContext, flag: str) -> str:
    """Set a flag or keyword; setting it again changes nothing."""

    def work(opened: Connection, mail: FoundMail) -> None:
        context.about_to()
        # imap_tools' own `flag` would expunge what others marked as deleted.
        answer = opened.box.client.uid("STORE", mail.uid, "+FLAGS", f"({flag})")
        check_command_status(answer, MailboxFlagError)
        if flag.lower() not in read_flags(opened.box, mail.uid):
            raise NotDone(f"the server does not keep `{flag}`; it may allow no keywords of ours in this folder")

    await change_mail(effect, context, work)
    return f"`{flag}` set"


async def has_flag(effect: Effect, context: ActionContext, flag: str) -> Found:
    """Whether the mail bears it; setting it twice does no harm, so a mail that can't be found may be tried again."""

    def work(opened: Connection, mail: FoundMail) -> bool:
        return flag.lower() in read_flags(opened.box, mail.uid)

    try:
        return "done" if await work_on_mail(effect, context, work) else "not done"
    except MailGone:
        return "not done"


def read_flags(box: BaseMailBox, uid: str) -> set[str]:
    """The flags and keywords of a mail in the selected folder, in lower case; empty where it is gone."""
    answer = box.client.uid("FETCH", uid, "(FLAGS)")
    check_command_status(answer, MailboxFetchError)
    lines = [line for line in answer[1] if isinstance(line, bytes)]
    return {flag.decode("ascii", "replace").lower() for line in lines for flag in imaplib.ParseFlags(line)}
