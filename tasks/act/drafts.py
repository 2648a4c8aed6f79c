"""Drafts: put once where people look for them, into a mailbox's folder of drafts or a folder of files."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

from tasks.act.mailboxes import DRAFT, Connection, Told, append_once, drafts_folder, find_by_id
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect
from tasks.private_files import make_file, make_folder


async def put_draft(effect: Effect, context: ActionContext, mail: EmailMessage) -> str:
    """Put the draft where it belongs, unless it lies there already; say where."""
    source = _mailbox_for(effect, context)
    if source is None:
        return _write_file(effect, context, mail)
    message_id = str(mail["Message-ID"]).strip("<>")

    def work(opened: Connection) -> str:
        folder = drafts_folder(opened)
        context.about_to()
        new = append_once(opened.box, folder, mail.as_bytes(), message_id, DRAFT)
        return f"draft put into `{folder}`" if new else f"the draft was in `{folder}` already"

    try:
        return await context.mailboxes.use(source, work)
    except Told as no:
        raise NotDone(f"the mailbox took no draft: {no}") from no


async def look_for_draft(effect: Effect, context: ActionContext, message_id: str) -> Found:
    """Whether it lies there."""
    source = _mailbox_for(effect, context)
    if source is None:
        return "done" if _path(effect, context).exists() else "not done"

    def work(opened: Connection) -> bool:
        folder = drafts_folder(opened)
        return bool(find_by_id(opened.box, folder, message_id))

    return "done" if await context.mailboxes.use(source, work) else "not done"


def _mailbox_for(effect: Effect, context: ActionContext) -> str | None:
    location = context.mailboxes.location_of(effect.message_key)
    if location:
        return location.source
    return context.destinations.drafts if context.destinations.drafts.startswith("imap") else None


def _path(effect: Effect, context: ActionContext) -> Path:
    return context.destinations.drafts_on_disk / f"{effect.effect_id[:40]}.eml"


def _write_file(effect: Effect, context: ActionContext, mail: EmailMessage) -> str:
    path = _path(effect, context)
    make_folder(path.parent)
    mail["X-Unsent"] = "1"  # mail programs open it as a draft then, not as a mail that came in
    context.about_to()
    part = path.with_suffix(".part")
    make_file(part)
    with part.open("wb") as file:
        file.write(mail.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return f"draft written to `{path}`"
