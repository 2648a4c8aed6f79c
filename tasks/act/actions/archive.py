"""Takes the mail out of the inbox and keeps it: by Gmail's labels, elsewhere in the folder for archived mail."""

from __future__ import annotations

from typing import ClassVar, Literal

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFlagError
from imap_tools.utils import check_command_status

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.at_source import change_mail, plan_at_source, work_on_mail
from tasks.act.imap_flags import flags_of, sign
from tasks.act.mail_search import FoundMail, MailGone
from tasks.act.mailboxes import Connection, find_marked
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.actions import Action
from tasks.ledger.effects import Effect
from tasks.mailbox.imap.marks import has_labels


class Archive(Action):
    """Take the mail out of the inbox and keep it."""

    needs_bytes: ClassVar[bool] = False

    action: Literal["archive"]


def plan(action: Archive, mail: ActedMail) -> Planned:
    return plan_at_source("the archive", mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    def work(opened: Connection, mail: FoundMail) -> str:
        box = opened.box
        kept = find_marked(box, "All") if has_labels(box) else find_marked(box, "Archive")
        if kept is None:
            raise NotDone("the mailbox has no folder for archived mail; make one, or use `move`")
        if _is_archived(box, mail, kept):
            return f"it was in `{kept}` alone already"
        if "MOVE" not in box.client.capabilities:
            raise NotDone("the server does not offer MOVE (RFC 6851), and copying could leave the mail twice")
        context.about_to()
        sign(box, mail.uid, context.engine)
        if has_labels(box):
            answer = box.client.uid("STORE", mail.uid, "-X-GM-LABELS", "(\\Inbox)")
            check_command_status(answer, MailboxFlagError)
            # Gmail may keep a label of the very folder that is selected; to move the mail takes it off.
            if mail.folder.upper() == "INBOX" and mail.uid in box.uids(f"UID {mail.uid}", charset=None):
                box.move(mail.uid, kept)
        else:
            box.move(mail.uid, kept)
        return f"taken out of `{mail.folder}`, kept in `{kept}`"

    return await change_mail(effect, context, work)


async def look(effect: Effect, context: ActionContext) -> Found:
    def work(opened: Connection, mail: FoundMail) -> bool:
        kept = find_marked(opened.box, "All") if has_labels(opened.box) else find_marked(opened.box, "Archive")
        return kept is not None and _is_archived(opened.box, mail, kept)

    try:
        return "done" if await work_on_mail(effect, context, work) else "not done"
    except MailGone:
        return "unknown"


def _is_archived(box: BaseMailBox, mail: FoundMail, kept: str) -> bool:
    if not has_labels(box):
        return mail.folder == kept
    return mail.folder.upper() != "INBOX" and "\\inbox" not in flags_of(box, mail.uid)
