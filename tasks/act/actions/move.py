"""Moves the mail to another folder of its mailbox."""

from __future__ import annotations

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.imap_flags import is_in, location_of, plan_at_source
from tasks.act.mailboxes import Connection, Gone, Told, find_mail
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.actions import Move
from tasks.ledger.effects import Effect


def plan(action: Move, mail: ActedMail) -> Planned:
    return plan_at_source(action.folder, mail)


async def perform(effect: Effect, context: ActionContext) -> str:
    location, folder, message_id = (
        location_of(effect, context),
        effect.parameters["folder"],
        effect.content["message_id"],
    )

    def work(opened: Connection) -> str:
        if not opened.box.folder.exists(folder):
            raise NotDone(f"the mailbox has no folder `{folder}`; make it or mend the rule")
        try:
            uid = find_mail(opened.box, location, message_id)
        except Gone:
            if is_in(opened.box, folder, message_id):
                return f"it was in `{folder}` already"
            raise
        if "MOVE" not in opened.box.client.capabilities:
            raise NotDone("the server does not offer MOVE (RFC 6851), and copying could leave the mail twice")
        context.about_to()
        opened.box.move(uid, folder)
        return f"moved from `{location.folder}` to `{folder}`"

    try:
        return await context.mailboxes.use(location.source, work)
    except (Gone, Told) as no:
        raise NotDone(str(no)) from no


async def look(effect: Effect, context: ActionContext) -> Found:
    location, folder, message_id = (
        location_of(effect, context),
        effect.parameters["folder"],
        effect.content["message_id"],
    )

    def work(opened: Connection) -> Found:
        try:
            find_mail(opened.box, location, message_id)
        except Gone:
            # It left its folder, and nobody but us was about to move it; without an id it can't be seen where it is.
            return "done" if not message_id or is_in(opened.box, folder, message_id) else "unknown"
        return "not done"

    return await context.mailboxes.use(location.source, work)
