"""Effects on a mail in its mailbox. They are performed only after exactly the mail on record was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.mail_search import FoundMail, MailGone, SoughtMail, find_mail
from tasks.act.mailboxes import MAILBOX, Connection, Mailboxes, ServerRefused
from tasks.act.performer import ActionContext, NotDone
from tasks.ledger.effects import Effect

T = TypeVar("T")
NO_MAILBOX = "the mail came from files, not from a mailbox"


def plan_at_source(target: str, mail: ActedMail) -> Planned:
    """Plan an effect on the mail itself; it is skipped for a mail that came from files."""
    return Planned(target=target, skip="" if mail.locations else NO_MAILBOX)


def sought_mail(message_key: str, mailboxes: Mailboxes, mailbox: str = "") -> SoughtMail:
    """The mail as it is to be looked for in that mailbox, without one in the mailbox where it was seen first.

    Raises:
        NotDone: It was seen in no mailbox, or not in that one.
    """
    locations = mailboxes.locations_of_one(message_key)
    if not locations:
        raise NotDone(NO_MAILBOX)
    here = [location for location in locations if location.mailbox == (mailbox or locations[0].mailbox)]
    if not here:
        raise NotDone(f"the mail was not seen in the mailbox `{mailbox}`")
    return SoughtMail(message_key=message_key, record=mailboxes.record_of(message_key), locations=here)


async def work_on_mail(
    effect: Effect, context: ActionContext, work: Callable[[Connection, FoundMail], T], also_in: Sequence[str] = ()
) -> T:
    """Find the effect's mail, select its folder, and return what `work` returns for it.

    `also_in` names folders to which the mail may have been moved meanwhile.

    Raises:
        MailGone: The mail is no longer in the mailbox.
        NotDone: The mail was seen in no mailbox, or the server refused the command.
        SeveralFit: Several mails match the one on record.
    """
    mailbox = effect.parameters.get(MAILBOX, "")
    sought = sought_mail(effect.message_key, context.mailboxes, mailbox)
    moved_to = context.mailboxes.moved_to(effect.message_key, mailbox)

    def find_and_work(opened: Connection) -> T:
        return work(opened, find_mail(opened.box, sought, moved_to, also_in))

    try:
        return await context.mailboxes.use(sought.locations[0].source, find_and_work)
    except ServerRefused as no:
        raise NotDone(f"the mail server refused: {no}", again=no.passes) from no


async def change_mail(
    effect: Effect, context: ActionContext, work: Callable[[Connection, FoundMail], T], also_in: Sequence[str] = ()
) -> T:
    """Like `work_on_mail`, but a mail that is gone raises `NotDone`.

    Raises:
        NotDone: As in `work_on_mail`, or the mail is no longer in the mailbox.
        SeveralFit: Several mails match the one on record.
    """
    try:
        return await work_on_mail(effect, context, work, also_in)
    except MailGone as gone:
        raise NotDone(str(gone)) from gone
