"""Asks questions in batches: answers that have arrived are returned, other questions are queued and their mails wait.

A mail passes through `understand` once for every answer that it waits for: first for its triage, then for the analysis
that follows from it. Earlier answers are found in the ledger each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn, TypeVar

from pydantic import BaseModel
from sqlalchemy import Engine

from tasks.errors import (
    AwaitingBatch,
    BadAnswer,
    CallError,
    KeyRejected,
    Misconfigured,
    OutOfFunds,
    Refused,
    RequestRejected,
    TimedOut,
    TooLong,
    Unreachable,
)
from tasks.ledger.batch_queue import Queued, enqueue
from tasks.ledger.completions import LedgerBook, writer_of
from tasks.providers.apis.adapters import request_body
from tasks.providers.apis.batch_api import PRICE_FACTOR
from tasks.providers.apis.media import sendable
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.prices import worst_price
from tasks.providers.catalogue.tokens import answer_tokens, asked_tokens
from tasks.providers.gateway.answer_reading import read_answer
from tasks.providers.gateway.fingerprints import fingerprint
from tasks.providers.gateway.repair import repaired
from tasks.questions import Completion, Link, Question, StoredAnswer, Usage, without_media
from tasks.runs import Run

T = TypeVar("T", bound=BaseModel)

_KEPT_S = 7 * 86_400.0
"""How old an answer may be, in seconds: a mail's first answer is needed until its second batch has ended."""

_ERRORS: Mapping[str, type[CallError]] = {
    kind.code: kind
    for kind in (BadAnswer, KeyRejected, OutOfFunds, Refused, RequestRejected, TimedOut, TooLong, Unreachable)
}


class BatchAsker:
    """A `tasks.understand.protocols.Asker` that sends no calls. It asks only the first model of a chain."""

    def __init__(self, accounts: Accounts, engine: Engine, run: Run) -> None:
        self._account = accounts.require(run.settings.provider)
        self._book = LedgerBook(engine, run_id=run.id, ttl_s=_KEPT_S)
        self._run = run
        self._writer = writer_of(engine)
        self._writer.learn({"enqueue": enqueue})

    async def complete(
        self, question: Question[T], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[T]:
        """The answer, if a batch has returned it.

        Raises:
            AwaitingBatch: The answer has not arrived yet.
            CallError: The batch returned an error, or an answer that is bad even after its repair.
        """
        link = chain[0]
        question, withheld = (question, ()) if self._account.media else without_media(question)
        first, faults, text = await self._answer(question, link, message_key, refresh)
        if first is not None:
            return replace(first, unsent=(*first.unsent, *withheld))
        second, faults, _text = await self._answer(repaired(question, text, faults), link, message_key, refresh)
        if second is None:
            said = f"Model `{link.model}` of `{link.provider}` gave an answer that does not fit the schema: {faults}."
            raise BadAnswer(said, provider=link.provider)
        return replace(second, unsent=(*second.unsent, *withheld))

    async def _answer(
        self, question: Question[T], link: Link, message_key: str, refresh: bool
    ) -> tuple[Completion[T] | None, str, str]:
        """The answer or null, what is wrong with it, and its text."""
        key = fingerprint(question, link, self._account)
        stored = None if refresh else await self._book.find(key)
        if stored is None:
            await self._queue(key, question, link, message_key, refresh)
        value, faults = read_answer(question.answer, stored.text)
        return (None if value is None else _completion(value, question, link, stored)), faults, stored.text

    async def _queue(self, key: str, question: Question[T], link: Link, message_key: str, refresh: bool) -> NoReturn:
        queued = Queued(
            key=key, message_key=message_key, question=question.name, provider=link.provider, model=link.model,
            body=request_body(question, link.provider, link.model, self._account),
            worst_usd=self._worst(question, link), run_id=self._run.root, again=refresh,
        )  # fmt: skip
        place = await self._writer.write("enqueue", queued)
        if place.state == "failed":
            raise _ERRORS.get(place.error_code, RequestRejected)(
                f"Model `{link.model}` of `{link.provider}` gave no answer in a batch. {place.reason}".rstrip(),
                provider=link.provider,
            )
        raise AwaitingBatch(f"The question `{question.name}` waits for a batch's answer.")

    def _worst(self, question: Question[T], link: Link) -> Decimal | None:
        asked = asked_tokens(question, link.provider)
        most = answer_tokens(question, self._account, traits(link.provider, link.model))
        worst = worst_price(link.provider, link.model, asked, most)
        if worst is None and self._run.settings.has_budget:
            raise Misconfigured(
                f"A budget is set, but the price of `{link.model}` is unknown. Set it in MAILROOM_PRICES, or take the "
                "budget away."
            )
        return None if worst is None else worst * PRICE_FACTOR


def _completion(value: T, question: Question[T], link: Link, stored: StoredAnswer) -> Completion[T]:
    return Completion(
        value=value, usage=Usage(), price_usd=Decimal(0), provider=link.provider, model=stored.model,
        request_id=stored.request_id, attempts=0, cached=True, simulated=stored.simulated,
        unsent=sendable(question.media, link.provider, link.model)[1],
    )  # fmt: skip
