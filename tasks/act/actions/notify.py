"""Notifies people through one of the operator's Prefect notification blocks: Slack, Teams, e-mail and others."""

from __future__ import annotations

from typing import Any, Literal

from prefect.blocks.core import Block
from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.actions import Written
from tasks.ledger.effects import Effect


class Notify(Written):
    """Notify people through a Prefect notification block, named as in the UI: `slack-webhook/ops`."""

    action: Literal["notify"]
    block: str = Field(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")


def plan(action: Notify, mail: ActedMail) -> Planned:
    return Planned(target=action.block, content=mail.facts(sender_links=action.sender_links))


async def perform(effect: Effect, context: ActionContext) -> str:
    name = effect.parameters["block"]
    try:
        block: Any = await Block.aload(name)
    except (ValueError, RuntimeError) as error:
        raise NotDone(f"there is no notification block `{name}`; make it in the UI under Blocks") from error
    if not hasattr(block, "notify"):
        raise NotDone(f"the block `{name}` is not made for notifications")
    context.about_to()
    # Async blocks return a coroutine, sync blocks do not.
    said = block.notify(body=_inert(_body(effect.content)), subject=_inert(_subject(effect.content)))
    if hasattr(said, "__await__"):
        await said
    return f"told `{name}`"


async def look(effect: Effect, context: ActionContext) -> Found:
    return "unknown"


def _inert(text: str) -> str:
    # Some blocks replace `{{name}}`, even with their secrets, and a mail may contain such text.
    return text.replace("{{", "{ {").replace("}}", "} }")


def _subject(facts: dict[str, Any]) -> str:
    return f"{facts['category']}: {facts['subject'] or '(no subject)'}"


def _body(facts: dict[str, Any]) -> str:
    sender = facts["sender"] or "nobody named"
    doubt = "" if facts["sender_verified"] else " (not verified)"
    return f"From {sender}{doubt}, {facts['date'] or 'no date'}\n{facts['summary']}\nMail {facts['message_key'][:12]}"
