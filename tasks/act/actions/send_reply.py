"""Sends a suggested reply by SMTP, and leaves a copy in the mailbox's folder of sent mail.

A server that was given the whole mail and is cut off before it answers may have taken it: nobody knows, so the effect
is ambiguous. Servers that keep a copy themselves show it in the folder of sent mail; else a person must say.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from email.utils import parseaddr
from typing import Literal

import aiosmtplib
from imap_tools import MailMessageFlags
from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.answered import check_unanswered
from tasks.act.destinations import Destinations
from tasks.act.mail_on_record import MailOnRecord
from tasks.act.mail_search import find_copies
from tasks.act.mailboxes import Connection, sent_folder
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.act.replies import build_reply, plan_reply
from tasks.actions import Action
from tasks.errors import Misconfigured
from tasks.ledger.effects import Effect

log = logging.getLogger("mailroom.act")


class SendReply(Action):
    """Send a suggested reply to the mail's verified sender; held for a person unless a rule says otherwise."""

    action: Literal["send_reply"]
    suggestion: int = Field(1, ge=1, le=3)
    hold: bool = True


def check(action: SendReply, destinations: Destinations) -> None:
    if not (destinations.smtp_host and destinations.reply_from):
        raise Misconfigured("it sends replies; set MAILROOM_SMTP_HOST and MAILROOM_REPLY_FROM.")


def plan(action: SendReply, mail: ActedMail) -> Planned:
    return plan_reply(mail, action.suggestion, "the sender")


async def perform(effect: Effect, context: ActionContext) -> str:
    await check_unanswered(effect, context)
    mail = build_reply(effect, effect.content["from"])
    raw, to = mail.as_bytes(), effect.content["to"]
    async with _connected(context.destinations) as server:
        try:
            await server.mail(_address(effect.content["from"]))
            await server.rcpt(to)
        except aiosmtplib.SMTPResponseException as no:
            raise _refused(no) from no
        context.about_to()
        try:
            await server.data(raw)
        except aiosmtplib.SMTPResponseException as no:
            if no.code < 400:  # no answer that means anything
                raise
            raise _refused(no) from no
    copy = await _keep_copy(effect, context, raw)
    return f"sent to {to}{copy}"


async def look(effect: Effect, context: ActionContext) -> Found:
    locations = context.mailboxes.locations_of_one(effect.message_key)
    if not locations:
        return "unknown"
    reply = MailOnRecord(build_reply(effect, effect.content["from"]).as_bytes())

    def work(opened: Connection) -> bool:
        return bool(find_copies(opened.box, sent_folder(opened), reply))

    return "done" if await context.mailboxes.use(locations[0].source, work) else "unknown"


@contextlib.asynccontextmanager
async def _connected(destinations: Destinations) -> AsyncIterator[aiosmtplib.SMTP]:
    if not destinations.smtp_host:
        raise NotDone("no mail server is set; set MAILROOM_SMTP_HOST")
    server = aiosmtplib.SMTP(
        hostname=destinations.smtp_host, port=destinations.smtp_port, timeout=destinations.smtp_timeout_s,
        use_tls=destinations.smtp_tls == "tls", start_tls=destinations.smtp_tls == "starttls",
        username=destinations.smtp_user or None, password=destinations.smtp_password.get_secret_value() or None,
    )  # fmt: skip
    try:
        await server.connect()
    except aiosmtplib.SMTPAuthenticationError as no:
        raise NotDone("the mail server took neither name nor password; check MAILROOM_SMTP_USER and _PASSWORD") from no
    except (aiosmtplib.SMTPException, OSError) as no:
        raise NotDone(
            f"the mail server at {destinations.smtp_host} can't be reached ({type(no).__name__})", again=True
        ) from no
    try:
        yield server
    finally:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await server.quit()


def _refused(no: aiosmtplib.SMTPResponseException) -> NotDone:
    return NotDone(f"the mail server refused it with {no.code}", again=400 <= no.code < 500)


async def _keep_copy(effect: Effect, context: ActionContext, raw: bytes) -> str:
    """Put a copy where sent mail lies; the mail is out, so nothing that fails here may undo that."""
    locations = context.mailboxes.locations_of_one(effect.message_key)
    if not locations:
        return ""

    def work(opened: Connection) -> str:
        folder = sent_folder(opened)
        if not find_copies(opened.box, folder, MailOnRecord(raw)):  # some servers keep one themselves
            opened.box.append(raw, folder, flag_set=[MailMessageFlags.SEEN])
        return f", with a copy in `{folder}`"

    try:
        return await context.mailboxes.use(locations[0].source, work)
    except Exception as error:
        log.warning("effect %s: sent, but no copy was kept (%s)", effect.effect_id[:12], type(error).__name__)
        return ", without a copy in the folder of sent mail"


def _address(mailbox: str) -> str:
    return parseaddr(mailbox)[1]
