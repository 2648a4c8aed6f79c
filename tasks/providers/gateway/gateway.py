"""Answers questions from the ledger, or else from the first model of a chain that gives an answer.

A process has one gateway for each run, used on the model loop (`tasks.providers.event_loop`). So equal questions at the
same time are one call, and all chunks share connections, limits and circuits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel

from tasks.errors import CallError, MediaRefused, Misconfigured, Refused, SchemaRefused, Transient, Unusable
from tasks.providers.apis.adapters import make_adapter
from tasks.providers.apis.media import sendable
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.tokens import asked_tokens
from tasks.providers.gateway.answer_reading import read_answer
from tasks.providers.gateway.call import Call
from tasks.providers.gateway.caller import Caller
from tasks.providers.gateway.clients import Clients, MakeAdapter
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.findings import Findings
from tasks.providers.gateway.fingerprints import fingerprint
from tasks.providers.gateway.usual_output import Kind, UsualOutput, prices
from tasks.questions import Completion, Link, Question, Usage, without_media

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger("mailroom.providers")


class Gateway:
    """Answers questions. Every request is recorded in the book before it is sent."""

    def __init__(
        self,
        accounts: Accounts,
        controls: Controls,
        *,
        past_outputs: Mapping[Kind, Iterable[int]] | None = None,
        concurrency: int = 50,
        slots: Mapping[str, int] | None = None,
        allow_refused_fallback: bool = False,
        adapters: MakeAdapter = make_adapter,
    ) -> None:
        """`concurrency` limits the calls in flight to each provider, `slots` those to some providers, by name.

        `past_outputs` are output tokens of past calls.
        """
        self._controls, self._outputs, self._findings = controls, UsualOutput(past_outputs), Findings()
        self._moves_on = (Transient, Unusable, Refused) if allow_refused_fallback else (Transient, Unusable)
        self._clients = Clients(
            accounts,
            adapters,
            concurrency=concurrency,
            slots=slots or {},
            policy=controls.policy,
            clock=controls.timing.clock,
        )
        self._caller = Caller(self._clients, controls, self._findings, self._outputs)
        self._flights: dict[tuple[str, bool], asyncio.Future[Completion[Any]]] = {}

    async def complete(
        self, question: Question[T], chain: Sequence[Link], *, message_key: str, refresh: bool = False
    ) -> Completion[T]:
        """The answer of the first model in `chain` that gives one.

        With `refresh`, stored answers of other runs are ignored. This run's are used, so that a chunk that is retried
        does not pay twice.

        Raises:
            CallError: No model answered, or the mail itself is the cause.
            BudgetExceeded: The call might cost more than the budget has left.
            Misconfigured: A provider in the chain lacks its key or address, or the chain is empty.
            Stopped: The run must end.
        """
        failures: list[CallError] = []
        gone: list[str] = []
        sent = 0
        for place, link in enumerate(chain, 1):
            try:
                completion = await self._of_link(question, link, message_key, refresh, patient=place == len(chain))
            except self._moves_on as error:
                failures.append(error)
                gone.append(f"{link.provider}:{link.model} gave no answer ({error.code})")
                sent += error.sent
                continue
            except CallError as error:
                error.sent += sent
                raise
            if gone:
                return replace(completion, attempts=sent + completion.attempts, moved_on="; ".join(gone))
            return completion
        if not failures:
            raise Misconfigured(f"No model is named for the question `{question.name}`; name one of a provider.")
        # A temporary error takes precedence, so that the mail is tried again.
        worst = next((error for error in failures if isinstance(error, Transient)), failures[-1])
        worst.sent = sent
        raise worst

    async def _of_link(
        self, question: Question[T], link: Link, message_key: str, refresh: bool, *, patient: bool
    ) -> Completion[T]:
        """The answer of one model. Media that it refuses are left out and listed in `unsent`."""
        sent, account = 0, self._clients.of(link.provider).account
        question, withheld = (question, ()) if account.media else without_media(question)
        while True:
            asked, refused = self._findings.accepted(link, question)
            left_out = (*withheld, *refused)
            key = fingerprint(asked, link, account)
            call = Call(question=asked, link=link, key=key, message_key=message_key, patient=patient)
            try:
                completion = await self._together(call, refresh)
            except SchemaRefused as error:
                sent += error.sent  # its adapter asks without one from now on
                continue
            except MediaRefused as error:
                sent += error.sent
                error.sent = sent
                if not asked.media:
                    raise
                self._findings.refuses(link, asked)
                continue
            except CallError as error:
                error.sent += sent
                raise
            if left_out or sent:
                unsent = (*completion.unsent, *left_out)
                return replace(completion, unsent=unsent, attempts=completion.attempts + sent)
            return completion

    def set_aside(
        self, message_key: str, questions: Iterable[tuple[Question[Any], Link]]
    ) -> AbstractContextManager[None]:
        """Reserve money for all of these questions about the mail while the block lasts, or for none of them.

        Without a budget this does nothing.
        """
        if self._controls.budget is None:
            return nullcontext()
        costs = (self.prices(question, link)[1] or Decimal(0) for question, link in questions)
        return self._controls.budget.mail(message_key, sum(costs, Decimal(0)))

    def prices(self, question: Question[Any], link: Link) -> tuple[Decimal | None, Decimal | None]:
        """The worst price of asking this, and the price that 19 of 20 such calls stay below, in US dollars.

        Both are null where the model's price is unknown.
        """
        account = self._clients.of(link.provider).account
        return prices(question, link, account, asked_tokens(question, link.provider), self._outputs)

    async def close(self) -> None:
        """Close all connections."""
        await self._clients.close()

    async def _together(self, call: Call[T], refresh: bool) -> Completion[T]:
        """Make one call for all equal questions that are asked at the same time."""
        flight = (call.key, refresh)
        while flight in self._flights:
            first = self._flights[flight]
            try:
                return _shared(await asyncio.shield(first))
            except asyncio.CancelledError:
                if not first.cancelled():
                    raise
            except CallError as error:
                failure = copy(error)
                failure.sent = 0  # the leading call counts its requests
                raise failure from None
        return await self._leading(flight, call, refresh)

    async def _leading(self, flight: tuple[str, bool], call: Call[T], refresh: bool) -> Completion[T]:
        future: asyncio.Future[Completion[T]] = asyncio.get_running_loop().create_future()
        self._flights[flight] = future
        try:
            completion = await self._found_or_asked(call, refresh)
        except Exception as error:
            if isinstance(error, CallError):
                error.sent = call.sent
            future.set_exception(error)
            future.exception()  # marks it as retrieved: asyncio would warn if no other call waits
            raise
        else:
            future.set_result(completion)
            return completion
        finally:
            del self._flights[flight]
            future.cancel()  # only has an effect if this call was cancelled: then a waiting one leads

    async def _found_or_asked(self, call: Call[T], refresh: bool) -> Completion[T]:
        found = await self._find(call, this_run=refresh)
        if found is not None:
            return found
        completion = await self._caller.ask(call)
        return replace(completion, attempts=call.sent)

    async def _find(self, call: Call[T], *, this_run: bool) -> Completion[T] | None:
        stored = await self._controls.book.find(call.key, this_run=this_run)
        if stored is None:
            return None
        value, faults = read_answer(call.question.answer, stored.text)
        if value is None:
            log.info("a stored answer to `%s` cannot be read and is asked for again: %s", call.question.name, faults)
            return None
        return Completion(
            value=value, usage=Usage(), price_usd=Decimal(0), provider=call.link.provider, model=stored.model,
            request_id=stored.request_id, attempts=0, cached=True, simulated=stored.simulated,
            unsent=sendable(call.question.media, call.link.provider, call.link.model)[1],
        )  # fmt: skip


def _shared(completion: Completion[T]) -> Completion[T]:
    return replace(completion, usage=Usage(), price_usd=Decimal(0), attempts=0, cached=True)
