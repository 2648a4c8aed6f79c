"""The plain way: the same questions with the SDK's `.parse` and `asyncio.gather`. Prints its figures as JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from functools import lru_cache
from typing import Any

from openai import AsyncOpenAI

from tasks.categories import DEFAULT_CATEGORIES
from tasks.decide.rules import analyses_for, load_rules
from tasks.understand import prompts
from tasks.understand.answers import analysis_of, triage_of, wanted_fields
from tests.benchmarks.made_mails import MadeMail, made_mails

RULES = load_rules()
MODEL = "gpt-5-mini"


def as_prompted(mail: MadeMail) -> dict[str, Any]:
    """The mail as the prompts take it, read beforehand: reading mail is no part of this side."""
    return {
        "message_key": f"{mail.number:012x}", "sender": f"{mail.sender_name} <{mail.sender_address}>",
        "sender_name": mail.sender_name, "subject": mail.subject, "date": mail.date.isoformat().replace("+00:00", "Z"),
        "attachments": [], "text": mail.text, "language": "en",
    }  # fmt: skip


@lru_cache
def worth(category: str, language: str, needs_reply: bool) -> frozenset[Any]:
    """What the project asks about such a mail."""
    row = {
        "category": category,
        "language": language,
        "needs_reply": needs_reply,
        "target_language": "en",
        "kind": "mail",
    }
    return wanted_fields(analyses_for(RULES, row))


async def understand(client: AsyncOpenAI, mail: dict[str, Any], most: asyncio.Semaphore) -> int:
    """Ask both questions about one mail, and return how many were asked."""
    async with most:
        said, answer = (
            prompts.triage(DEFAULT_CATEGORIES, language_known=True),
            triage_of(mail["language"], DEFAULT_CATEGORIES.names),
        )
        triage = await ask(client, said, prompts.triage_text(mail), answer)
    wanted = worth(triage.category, triage.language, triage.needs_reply)
    if not wanted:
        return 1
    into = "English (en)" if "translation" in wanted else None
    text = prompts.analysis_text(mail, translate_into=into)
    async with most:
        await ask(client, prompts.analysis(wanted), text, analysis_of(wanted))
    return 2


async def ask(client: AsyncOpenAI, instructions: str, text: str, answer: Any) -> Any:
    messages: Any = [{"role": "system", "content": instructions}, {"role": "user", "content": text}]
    reply = await client.chat.completions.parse(model=MODEL, messages=messages, response_format=answer)
    return reply.choices[0].message.parsed


async def run(config: dict[str, Any]) -> dict[str, Any]:
    mails = [as_prompted(mail) for mail in made_mails(config["mails"], config["seed"])]
    most = asyncio.Semaphore(config["in_flight"])
    async with AsyncOpenAI(max_retries=0) as client:
        # The first call imports half of the SDK; the other side warms up as well.
        await understand(client, as_prompted(next(made_mails(1, config["seed"] + 1_000_000))), most)
        cpu, began = cpu_s(), time.perf_counter()
        calls = sum(await asyncio.gather(*(understand(client, mail, most) for mail in mails)))
        return {"calls": calls, "cpu_s": cpu_s() - cpu, "wall_s": time.perf_counter() - began}


def cpu_s() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))
