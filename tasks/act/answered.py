"""Whether somebody answered a mail already, as its mailbox says at this moment: by its flags, or by what was sent."""

from __future__ import annotations

from tasks.act.at_source import work_on_mail
from tasks.act.imap_flags import flags_of
from tasks.act.mail_search import FoundMail, MailGone, SeveralFit, has_answer
from tasks.act.mailboxes import Connection, find_sent_folder
from tasks.act.performer import ActionContext, NotNeeded
from tasks.ledger.effects import Effect


async def check_unanswered(effect: Effect, context: ActionContext) -> None:
    """See that the effect's mail bears no `\\Answered` flag of others and that no sent mail answers it.

    A mailbox may want such mails answered all the same. Mail from files has no flags, and those of a mail that cannot
    be found are unknown: both may be answered.

    Raises:
        NotDone: The mail server refused to tell.
        NotNeeded: The mail was answered.
    """
    mailboxes = context.mailboxes
    if not mailboxes.locations_of_one(effect.message_key):
        return
    flagged_by_us = mailboxes.was_flagged(effect.message_key, "answered")
    record = mailboxes.record_of(effect.message_key)

    def why_answered(opened: Connection, mail: FoundMail) -> str:
        if opened.answer_answered:
            return ""
        if not flagged_by_us and "\\answered" in flags_of(opened.box, mail.uid):
            return "the mail bears `\\Answered` in its mailbox, so somebody answered it already"
        folder = find_sent_folder(opened)
        if folder and has_answer(opened.box, folder, record):
            return f"a mail in `{folder}` answers it already"
        return ""

    try:
        why = await work_on_mail(effect, context, why_answered)
    except (MailGone, SeveralFit):
        return
    if why:
        raise NotNeeded(why)
