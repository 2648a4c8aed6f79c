"""All that the ledger knows of one mail, for the command line and the receiver's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from tasks.ingest.model_text import ModelText, model_text
from tasks.ledger.effects import Effect, effect_in_outcome, fates_of, of_mails
from tasks.ledger.engine import open_ledger
from tasks.ledger.mail_calls import MailCall, calls_of
from tasks.ledger.messages import load_raw
from tasks.ledger.outcomes import read_latest
from tasks.parsing.read_mail import read_mail


@dataclass(frozen=True, kw_only=True)
class MailRecord:
    """A mail's newest outcome with its effects as they stand, its text for models (null once forgotten), and calls."""

    outcome: dict[str, Any]
    text: ModelText | None
    effects: list[Effect]
    calls: list[MailCall]


def read_record(ledger_url: str, key: str, most_tokens: int) -> MailRecord | None:
    """The record of the mail whose key begins with `key`, or whose id it is; null where the ledger knows none.

    `most_tokens` is how much of a mail's text a model is given.
    """
    outcome = read_latest(ledger_url, key)
    if outcome is None:
        return None
    engine, whole = open_ledger(ledger_url), outcome["message_key"]
    kept = next(iter(load_raw(engine, [whole])), None)
    own = of_mails(engine, [whole]).get(whole, [])
    return MailRecord(
        outcome=outcome | {"effects": _as_they_stand(engine, outcome.get("effects", []), own)},
        text=None if kept is None else model_text(read_mail(kept["raw"]), most_tokens),
        effects=own,
        calls=calls_of(engine, whole),
    )


def _as_they_stand(engine: Engine, told: list[dict[str, Any]], own: list[Effect]) -> list[dict[str, Any]]:
    """The effects that the outcome lists and the mail's other ones, as the outbox has them now."""
    now = {fate.effect_id: effect_in_outcome(fate) for fate in fates_of(engine, (one["effect_id"] for one in told))}
    listed = [now.get(one["effect_id"], one) for one in told]
    return listed + [effect_in_outcome(one) for one in own if one.effect_id not in now]
