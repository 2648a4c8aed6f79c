"""Moves the mail to another folder of its mailbox."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.at_source import change_mail, plan_at_source, sought_mail, work_on_mail
from tasks.act.imap_flags import sign
from tasks.act.mail_search import FoundMail, MailGone
from tasks.act.mailboxes import MAILBOX, Connection
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.actions import Action
from tasks.ledger.effects import Effect
from tasks.mailbox.imap.folders import list_folders


class Move(Action):
    """Move the mail to a folder of the same mailbox."""

    needs_bytes: ClassVar[bool] = False

    action: Literal["move"]
    folder: str = Field(min_length=1, max_length=200)


def plan(action: Move, mail: ActedMail) -> Planned:
    return plan_at_source(action.folder, mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    folder, left_in = effect.parameters["folder"], _folders_before(effect, context)

    def work(opened: Connection, mail: FoundMail) -> str:
        if mail.folder == folder:
            return f"it was in `{folder}` already"
        if mail.folder not in left_in:
            raise NotDone(f"its owner moved the mail to `{mail.folder}` meanwhile, where it is left")
        if folder not in [one.name for one in list_folders(opened.box)]:
            raise NotDone(f"the mailbox has no folder `{folder}`; make it or mend the rule")
        if "MOVE" not in opened.box.client.capabilities:
            raise NotDone("the server does not offer MOVE (RFC 6851), and copying could leave the mail twice")
        context.about_to()
        sign(opened.box, mail.uid, context.engine)
        opened.box.move(mail.uid, folder)
        return f"moved from `{mail.folder}` to `{folder}`"

    return await change_mail(effect, context, work, also_in=[folder])


async def look(effect: Effect, context: ActionContext) -> Found:
    folder, left_in = effect.parameters["folder"], _folders_before(effect, context)

    def work(opened: Connection, mail: FoundMail) -> Found:
        if mail.folder == folder:
            return "done"
        return "not done" if mail.folder in left_in else "unknown"

    try:
        return await work_on_mail(effect, context, work, also_in=[folder])
    except MailGone:
        return "unknown"


def _folders_before(effect: Effect, context: ActionContext) -> list[str]:
    """The folders in which the mail was left by those who read or moved it here."""
    key, mailboxes, mailbox = effect.message_key, context.mailboxes, effect.parameters.get(MAILBOX, "")
    return [*sought_mail(key, mailboxes, mailbox).folders, *mailboxes.moved_to(key, mailbox)]
