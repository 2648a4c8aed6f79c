"""Sends a suggested reply by SMTP, and puts a copy into the mailbox's folder for sent mail.

If the connection breaks after the whole mail was sent and before the server answers, the effect is ambiguous: the
server may have accepted the mail. If the server keeps copies itself, one in the folder for sent mail settles the
effect; otherwise a person must.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from email.utils import parseaddr
from typing import Literal

import aiosmtplib
from imap_tools import MailMessageFlags

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.answered import check_unanswered
from tasks.act.destinations import Destinations
from tasks.act.drafts import put_draft
from tasks.act.mail_on_record import MailOnRecord
from tasks.act.mail_search import find_copies
from tasks.act.mailboxes import Connection, sent_folder
from tasks.act.performer import ActionContext, Found, NeedsPerson, NotDone
from tasks.act.recipients import mail_address
from tasks.act.replies import ReplyAction, build_reply, message_id, plan_reply
from tasks.act.smtp import SmtpAuthOff, logged_in
from tasks.act.templates import check_template
from tasks.errors import Misconfigured
from tasks.ledger.automatic_replies import AutomaticReply, ReplyCaps, admit_reply, take_back_reply
from tasks.ledger.effects import Effect
from tasks.mailbox.imap.identity import Identity
from tasks.settings.replies import bare_address

log = logging.getLogger("mailroom.act")


class SendReply(ReplyAction):
    """Send a suggested reply to the mail's verified sender. It is held for a person unless the rule says otherwise."""

    action: Literal["send_reply"]
    hold: bool = True


def check(action: SendReply, destinations: Destinations) -> None:
    check_template(action.template, destinations)
    if not (destinations.smtp_host and destinations.reply_from):
        raise Misconfigured("it sends replies; set MAILROOM_SMTP_HOST and MAILROOM_REPLY_FROM.")


def plan(action: SendReply, mail: ActedMail) -> Planned:
    planned = plan_reply(mail, action, "the sender")
    if planned.skip:
        return planned
    why = [f"no person wrote it: {mail.automatic.why}" if mail.automatic.why else "", planned.hold]
    if others := planned.content.get("cc"):
        why.append(f"it goes to {len(others)} more, whom nobody but the mail names")
    return replace(planned, hold="; ".join(filter(None, why)))


async def perform(effect: Effect, context: ActionContext) -> str:
    await check_unanswered(effect, context)
    if not effect.content["to"]:
        raise NeedsPerson("no recipient was chosen")
    if effect.needs_approval:
        return await _send(effect, context)
    if why := await asyncio.to_thread(_admit, effect, context):
        raise NeedsPerson(why)
    try:
        return await _send(effect, context)
    except (NotDone, NeedsPerson):
        await asyncio.to_thread(take_back_reply, context.engine, effect.effect_id)
        raise


def _admit(effect: Effect, context: ActionContext) -> str:
    content, known = effect.content, context.destinations
    thread = list(dict.fromkeys([*content["references"], *filter(None, [content["in_reply_to"]])]))
    reply = AutomaticReply(
        effect_id=effect.effect_id, sender=bare_address(content["to"]), reply_id=message_id(effect, content["from"]),
        thread=thread,
    )  # fmt: skip
    caps = ReplyCaps(
        per_sender=known.replies_per_sender, per_thread=known.replies_per_thread, per_hour=known.replies_per_hour
    )
    return admit_reply(context.engine, reply, caps)


async def _send(effect: Effect, context: ActionContext) -> str:
    sender = effect.content["from"]
    raw = _bytes_of(effect)
    locations = await asyncio.to_thread(context.mailboxes.locations_of_one, effect.message_key)
    identity = await asyncio.to_thread(context.mailboxes.identity_at, locations)
    try:
        return await _deliver(effect, context, identity, raw)
    except SmtpAuthOff as off:
        drafted = await put_draft(effect, context, build_reply(effect, sender))
        return f"NOT SENT, as {off}; {drafted}: send it from there, or let an administrator turn SMTP AUTH on"


async def _deliver(effect: Effect, context: ActionContext, identity: Identity, raw: bytes) -> str:
    sender, to = effect.content["from"], effect.content["to"]
    async with logged_in(context.destinations.model_copy(update=dict(identity.smtp)), identity.token) as server:
        await _envelope(server, mail_address(parseaddr(sender)[1]), [to, *effect.content.get("cc", ())])
        context.about_to()
        try:
            await server.data(raw)
        except aiosmtplib.SMTPResponseException as no:
            if no.code < 400:  # not a valid refusal
                raise
            raise _refused(no) from no
    copy = await _keep_copy(effect, context, raw)
    return f"sent to {to}{copy}"


def _bytes_of(effect: Effect) -> bytes:
    return build_reply(effect, effect.content["from"], automatic=not effect.needs_approval).as_bytes()


async def _envelope(server: aiosmtplib.SMTP, sender: str, recipients: Sequence[str]) -> None:
    # An address of other letters before the @ needs a server that takes it (RFC 6531).
    wide = [one for one in (*recipients, sender) if not one.isascii()]
    if wide and not await _takes_utf8(server):
        raise NeedsPerson(
            f"the mail server takes no address such as {wide[0]} (it has no SMTPUTF8); send it another way"
        )
    options = ["SMTPUTF8", "BODY=8BITMIME"] if wide else []
    encoding = "utf-8" if wide else "ascii"
    try:
        await server.mail(sender, options=options, encoding=encoding)
        for one in recipients:
            await server.rcpt(one, encoding=encoding)
    except aiosmtplib.SMTPResponseException as no:
        raise _refused(no) from no


async def look(effect: Effect, context: ActionContext) -> Found:
    locations = context.mailboxes.locations_of_one(effect.message_key)
    if not locations:
        return "unknown"
    reply = MailOnRecord(_bytes_of(effect))

    def work(opened: Connection) -> bool:
        return bool(find_copies(opened.box, sent_folder(opened), reply))

    return "done" if await context.mailboxes.use(locations[0].source, work) else "unknown"


async def _takes_utf8(server: aiosmtplib.SMTP) -> bool:
    with contextlib.suppress(aiosmtplib.SMTPHeloError):
        await server.ehlo()
    return server.supports_extension("smtputf8")


def _refused(no: aiosmtplib.SMTPResponseException) -> NotDone:
    return NotDone(f"the mail server refused it with {no.code}", again=400 <= no.code < 500)


async def _keep_copy(effect: Effect, context: ActionContext, raw: bytes) -> str:
    """Put a copy into the folder for sent mail. The mail was sent, so an error here must not fail the effect."""
    locations = context.mailboxes.locations_of_one(effect.message_key)
    if not locations:
        return ""

    def work(opened: Connection) -> str:
        folder = sent_folder(opened)
        if not find_copies(opened.box, folder, MailOnRecord(raw)):  # some servers add a copy themselves
            opened.box.append(raw, folder, flag_set=[MailMessageFlags.SEEN])
        return f", with a copy in `{folder}`"

    try:
        return await context.mailboxes.use(locations[0].source, work)
    except Exception as error:
        log.info("reply to mail %s: sent, but no copy was kept (%s)", effect.message_key[:12], type(error).__name__)
        return ", without a copy in the folder of sent mail"
