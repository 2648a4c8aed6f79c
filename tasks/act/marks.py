"""What is done to a mail where it lies: keywords and flags, and finding it there."""

from __future__ import annotations

from imap_tools import AND, BaseMailBox
from imap_tools.errors import MailboxFlagError
from imap_tools.utils import check_command_status

from tasks.act.letter import Letter, Planned
from tasks.act.mailboxes import Connection, Gone, Place, Told, find_by_id, find_mail
from tasks.act.performer import Desk, Found, NotDone
from tasks.ledger.effects import Effect

NO_MAILBOX = "the mail came from files, not from a mailbox"


def plan_at_source(target: str, letter: Letter) -> Planned:
    """An effect on the mail itself; one that came from files has no place where it could be seen."""
    if letter.place is None:
        return Planned(target=target, skip=NO_MAILBOX)
    return Planned(target=target, content={"message_id": letter.message_ids[0]})


def place_of(effect: Effect, desk: Desk) -> Place:
    """Where the effect's mail was seen.

    Raises:
        NotDone: In no mailbox.
    """
    place = desk.mailboxes.place_of(effect.message_key)
    if place is None:
        raise NotDone(NO_MAILBOX)
    return place


async def set_mark(effect: Effect, desk: Desk, mark: str) -> str:
    """Set a keyword or flag; setting it again changes nothing."""
    place, message_id = place_of(effect, desk), effect.content["message_id"]
    moved_to = desk.mailboxes.moved_to(effect.message_key)

    def work(opened: Connection) -> None:
        uid = find_mail(opened.box, place, message_id, moved_to)
        desk.about_to()
        # imap_tools' own `flag` would expunge what others marked as deleted.
        answer = opened.box.client.uid("STORE", uid, "+FLAGS", f"({mark})")
        check_command_status(answer, MailboxFlagError)
        if not _has(opened.box, uid, mark):
            raise NotDone(f"the server does not keep `{mark}`; it may allow no keywords of ours in this folder")

    try:
        await desk.mailboxes.use(place.source, work)
    except (Gone, Told) as no:
        raise NotDone(str(no)) from no
    return f"`{mark}` set"


async def has_mark(effect: Effect, desk: Desk, mark: str) -> Found:
    """Whether the mail bears it; setting it twice does no harm, so a mail that can't be found may be tried again."""
    place, message_id = place_of(effect, desk), effect.content["message_id"]
    moved_to = desk.mailboxes.moved_to(effect.message_key)

    def work(opened: Connection) -> bool:
        return _has(opened.box, find_mail(opened.box, place, message_id, moved_to), mark)

    try:
        return "done" if await desk.mailboxes.use(place.source, work) else "not done"
    except Gone:
        return "not done"


def _has(box: BaseMailBox, uid: str, mark: str) -> bool:
    (mail,) = box.fetch(AND(uid=uid), mark_seen=False, headers_only=True)
    return mark.lower() in (flag.lower() for flag in mail.flags)


def is_in(box: BaseMailBox, folder: str, message_id: str) -> bool:
    """Whether a mail of this id lies in the folder."""
    return bool(message_id and find_by_id(box, folder, message_id))
