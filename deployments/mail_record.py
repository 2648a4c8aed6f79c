"""All that the ledger knows of one mail, for the command line and the receiver's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tasks.ingest.model_text import ModelText, model_text
from tasks.ledger.effects import Effect, of_mails
from tasks.ledger.engine import open_ledger
from tasks.ledger.mail_calls import MailCall, calls_of
from tasks.ledger.messages import load_raw
from tasks.ledger.outcomes import read_latest
from tasks.parsing.read_mail import read_mail


@dataclass(frozen=True, kw_only=True)
class MailRecord:
    """A mail's newest outcome, its text as models are given it (null once its bytes are forgotten), effects, calls."""

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
    return MailRecord(
        outcome=outcome,
        text=None if kept is None else model_text(read_mail(kept["raw"]), most_tokens),
        effects=of_mails(engine, [whole]).get(whole, []),
        calls=calls_of(engine, whole),
    )
