"""Reads made mails through the gateway into a ledger, and prints how they were settled as its last line, in JSON.

Argument: JSON with `ledger` (URL), `mails`, `seed`, `in_flight`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections import Counter
from typing import Any

from tasks import policies
from tasks.frames import Messages
from tasks.ledger.breakers import LedgerBreakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.gateway import Gateway
from tasks.providers.gateway.rate_limits import set_limits, usual_limits
from tasks.understand.models_by_price import ModelsByPrice
from tasks.understand.understand import understand
from tests.benchmarks.made_mails import MadeMail, made_mails
from tests.made_rows import message_row


def as_message(mail: MadeMail) -> dict[str, Any]:
    """The mail as ingest leaves it."""
    return message_row(
        message_key=hashlib.sha256(mail.text.encode() + mail.subject.encode()).hexdigest(), source_id=str(mail.number),
        sender=mail.sender_address, sender_name=mail.sender_name, subject=mail.subject, date=mail.date.isoformat(),
        text=mail.text, target_language="ja", tokens=len(mail.text) // 4,
    )  # fmt: skip


async def read(config: dict[str, Any]) -> Counter[str]:
    """How many mails ended in which way."""
    engine, accounts = open_ledger(config["ledger"]), Accounts()
    gateway = Gateway(
        accounts,
        Controls(
            book=LedgerBook(engine, run_id="bench", ttl_s=3600),
            rate_limiter=LedgerRateLimiter(
                engine, set_limits=set_limits(accounts, {}), usual_limits=usual_limits(accounts)
            ),
            breakers=LedgerBreakers(engine, policies.CALL),
            policy=policies.CALL,
        ),
        concurrency=config["in_flight"],
    )
    rows = [dict.fromkeys(Messages.names()) | as_message(mail) for mail in made_mails(config["mails"], config["seed"])]
    readings = await understand(
        Messages.of(rows), gateway, ModelsByPrice(providers=("openai",)), lambda mail: {"summary", "replies"}
    )
    await gateway.close()
    return Counter(readings["error_type"].fillna("COMPLETED"))


if __name__ == "__main__":
    ended = asyncio.run(read(json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps(ended) + "\n")
