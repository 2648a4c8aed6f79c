"""Puts a draft once into a mailbox's drafts folder, or into a folder of files."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

from imap_tools import MailMessageFlags

from tasks.act.mail_on_record import MailOnRecord
from tasks.act.mail_search import find_copies, has_draft
from tasks.act.mailboxes import Connection, ServerRefused, drafts_folder
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.ledger.effects import Effect
from tasks.private_files import make_file, make_folder


async def put_draft(effect: Effect, context: ActionContext, mail: EmailMessage) -> str:
    """Put the draft into its folder unless it is there already, and return a sentence that says where.

    Raises:
        NotDone: The mail server refused the draft.
    """
    source = _mailbox_for(effect, context)
    if source is None:
        return _write_file(effect, context, mail)
    raw = mail.as_bytes()

    def work(opened: Connection) -> str:
        folder = drafts_folder(opened)
        if _lies_in(opened, folder, raw):
            return f"the draft was in `{folder}` already"
        context.about_to()
        opened.box.append(raw, folder, flag_set=[MailMessageFlags.DRAFT])
        return f"draft put into `{folder}`"

    try:
        return await context.mailboxes.use(source, work)
    except ServerRefused as no:
        raise NotDone(f"the mailbox took no draft: {no}", again=no.passes) from no


async def look_for_draft(effect: Effect, context: ActionContext, mail: EmailMessage) -> Found:
    """Whether the draft is in its folder."""
    source = _mailbox_for(effect, context)
    if source is None:
        return "done" if _path(effect, context).exists() else "not done"
    raw = mail.as_bytes()

    def work(opened: Connection) -> bool:
        return _lies_in(opened, drafts_folder(opened), raw)

    return "done" if await context.mailboxes.use(source, work) else "not done"


def _lies_in(opened: Connection, folder: str, raw: bytes) -> bool:
    """Whether the draft is in the folder, unchanged or edited by its owner."""
    return bool(find_copies(opened.box, folder, MailOnRecord(raw)) or has_draft(opened.box, folder, MailOnRecord(raw)))


def _mailbox_for(effect: Effect, context: ActionContext) -> str | None:
    locations = context.mailboxes.locations_of_one(effect.message_key)
    if locations:
        return locations[0].source
    return context.destinations.drafts if context.destinations.drafts.startswith("imap") else None


def _path(effect: Effect, context: ActionContext) -> Path:
    return context.destinations.drafts_on_disk / f"{effect.effect_id[:40]}.eml"


def _write_file(effect: Effect, context: ActionContext, mail: EmailMessage) -> str:
    path = _path(effect, context)
    make_folder(path.parent)
    mail["X-Unsent"] = "1"  # makes mail programs open it as a draft, not as a received mail
    context.about_to()
    part = path.with_suffix(".part")
    make_file(part)
    with part.open("wb") as file:
        file.write(mail.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return f"draft written to `{path}`"
