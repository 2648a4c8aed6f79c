"""Whether somebody answered a mail already, as its flags say at this moment."""

from __future__ import annotations

from tasks.act.at_source import work_on_mail
from tasks.act.imap_flags import read_flags
from tasks.act.mail_search import FoundMail, MailGone, SeveralFit
from tasks.act.mailboxes import Connection
from tasks.act.performer import ActionContext, NotNeeded
from tasks.ledger.effects import Effect


async def check_unanswered(effect: Effect, context: ActionContext) -> None:
    """See that the effect's mail bears no `\\Answered` flag, unless we set it or its mailbox may answer such mail.

    Mail from files has no flags, and the flags of a mail that cannot be found are unknown: both may be answered.

    Raises:
        NotDone: The mail server refused to tell.
        NotNeeded: The mail was answered.
    """
    mailboxes = context.mailboxes
    if not mailboxes.locations_of_one(effect.message_key) or mailboxes.was_flagged(effect.message_key, "answered"):
        return

    def is_answered(opened: Connection, mail: FoundMail) -> bool:
        return not opened.answer_answered and "\\answered" in read_flags(opened.box, mail.uid)

    try:
        answered = await work_on_mail(effect, context, is_answered)
    except (MailGone, SeveralFit):
        return
    if answered:
        raise NotNeeded("the mail bears `\\Answered` in its mailbox, so somebody answered it already")
