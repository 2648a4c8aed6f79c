"""Replies that wait for a person, whose mails were answered from their mailbox meanwhile: they lapse."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from tasks.act.answered import check_unanswered
from tasks.act.outbox import Outbox
from tasks.act.performer import NotDone, NotNeeded
from tasks.errors import SourceError, SourceUnavailable
from tasks.ledger.effects import Effect
from tasks.ledger.thread_replies import REPLIES, lapse_reply

log = logging.getLogger("mailroom.act")


async def lapse_answered_replies(outbox: Outbox, effects: Iterable[Effect]) -> list[str]:
    """Which of these replies, which wait for a person, are not wanted any more, as their mail was answered meanwhile.

    A mailbox that cannot be asked now leaves them as they are: they are asked about again before anything is done.
    """
    lapsed = []
    for effect in effects:
        if effect.action not in REPLIES or effect.state != "held":
            continue
        try:
            await check_unanswered(effect, outbox.context(effect))
        except NotNeeded as why:
            lapsed += [effect.effect_id] if lapse_reply(outbox.engine, effect.effect_id, str(why)) else []
        except (NotDone, SourceError, SourceUnavailable, OSError) as error:
            log.warning(
                "effect %s: nobody can say now whether its mail was answered (%s)", effect.effect_id[:12], error
            )
    return lapsed
