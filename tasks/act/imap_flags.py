"""IMAP flags and keywords, set on a mail where it lies, and looked for there."""

from __future__ import annotations

from imap_tools import AND, BaseMailBox
from imap_tools.errors import MailboxFlagError
from imap_tools.utils import check_command_status

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.mailboxes import Connection, Gone, MailLocation, Told, find_by_id, find_mail
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect

NO_MAILBOX = "the mail came from files, not from a mailbox"


def plan_at_source(target: str, mail: ActedMail) -> Planned:
    """An effect on the mail itself; one that came from files has no location where it could be seen."""
    if mail.location is None:
        return Planned(target=target, skip=NO_MAILBOX)
    return Planned(target=target, content={"message_id": mail.message_ids[0]})


def location_of(effect: Effect, context: ActionContext) -> MailLocation:
    """Where the effect's mail was seen.

    Raises:
        NotDone: In no mailbox.
    """
    location = context.mailboxes.location_of(effect.message_key)
    if location is None:
        raise NotDone(NO_MAILBOX)
    return location


async def set_flag(effect: Effect, context: ActionContext, flag: str) -> str:
    """Set a flag or keyword; setting it again changes nothing."""
    location, message_id = location_of(effect, context), effect.content["message_id"]
    moved_to = context.mailboxes.moved_to(effect.message_key)

    def work(opened: Connection) -> None:
        uid = find_mail(opened.box, location, message_id, moved_to)
        context.about_to()
        # imap_tools' own `flag` would expunge what others marked as deleted.
        answer = opened.box.client.uid("STORE", uid, "+FLAGS", f"({flag})")
        check_command_status(answer, MailboxFlagError)
        if not _has(opened.box, uid, flag):
            raise NotDone(f"the server does not keep `{flag}`; it may allow no keywords of ours in this folder")

    try:
        await context.mailboxes.use(location.source, work)
    except (Gone, Told) as no:
        raise NotDone(str(no)) from no
    return f"`{flag}` set"


async def has_flag(effect: Effect, context: ActionContext, flag: str) -> Found:
    """Whether the mail bears it; setting it twice does no harm, so a mail that can't be found may be tried again."""
    location, message_id = location_of(effect, context), effect.content["message_id"]
    moved_to = context.mailboxes.moved_to(effect.message_key)

    def work(opened: Connection) -> bool:
        return _has(opened.box, find_mail(opened.box, location, message_id, moved_to), flag)

    try:
        return "done" if await context.mailboxes.use(location.source, work) else "not done"
    except Gone:
        return "not done"


def _has(box: BaseMailBox, uid: str, flag: str) -> bool:
    (mail,) = box.fetch(AND(uid=uid), mark_seen=False, headers_only=True)
    return flag.lower() in (one.lower() for one in mail.flags)


def is_in(box: BaseMailBox, folder: str, message_id: str) -> bool:
    """Whether a mail of this id lies in the folder."""
    return bool(message_id and find_by_id(box, folder, message_id))
