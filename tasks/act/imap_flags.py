"""IMAP flags, and keywords or Gmail's labels in their place, set on a mail where it lies, and looked for there."""

from __future__ import annotations

import imaplib

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFlagError
from imap_tools.utils import check_command_status
from sqlalchemy import Engine

from tasks.act.at_source import change_mail, work_on_mail
from tasks.act.mail_search import FoundMail, MailGone
from tasks.act.mailboxes import Connection
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect
from tasks.ledger.instance import signature_of
from tasks.mailbox.imap.marks import has_labels, read_flags


async def set_flag(effect: Effect, context: ActionContext, flag: str) -> str:
    """Set a flag or keyword; setting it again changes nothing."""

    def work(opened: Connection, mail: FoundMail) -> None:
        context.about_to()
        sign(opened.box, mail.uid, context.engine)
        # imap_tools' own `flag` would expunge what others marked as deleted.
        item = "+X-GM-LABELS" if _is_label(opened.box, flag) else "+FLAGS"
        answer = opened.box.client.uid("STORE", mail.uid, item, f"({flag})")
        check_command_status(answer, MailboxFlagError)
        if flag.lower() not in flags_of(opened.box, mail.uid):
            raise NotDone(f"the server does not keep `{flag}`; it may allow no keywords of ours in this folder")

    await change_mail(effect, context, work)
    return f"`{flag}` set"


async def has_flag(effect: Effect, context: ActionContext, flag: str) -> Found:
    """Whether the mail has the flag. Setting it twice is harmless, so a mail that can't be found counts as not done."""

    def work(opened: Connection, mail: FoundMail) -> bool:
        return flag.lower() in flags_of(opened.box, mail.uid)

    try:
        return "done" if await work_on_mail(effect, context, work) else "not done"
    except MailGone:
        return "not done"


def _is_label(box: BaseMailBox, flag: str) -> bool:
    return not flag.startswith("\\") and has_labels(box)


def flags_of(box: BaseMailBox, uid: str) -> frozenset[str]:
    """The flags, keywords and labels of a mail in the selected folder, in lower case; empty where it is gone."""
    return read_flags(box, [int(uid)]).get(int(uid), frozenset())


def sign(box: BaseMailBox, uid: str, engine: Engine) -> None:
    """Set the keyword that says which instance acts on the mail, so that no other takes it for a person.

    A server that keeps no keywords is left without.
    """
    try:
        box.client.uid("STORE", uid, "+FLAGS.SILENT", f"({signature_of(engine)})")
    except imaplib.IMAP4.abort:
        raise  # the connection is broken
    except imaplib.IMAP4.error:
        return
