"""Sends one request to a provider: waits until it may be sent, records it, pays for it, and reads the answer."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel

from tasks.errors import (
    BadAnswer,
    BudgetExceeded,
    CallError,
    CircuitOpen,
    CutAnswer,
    Overloaded,
    RateLimited,
    ServerFault,
    Stopped,
    TimedOut,
    Unreachable,
)
from tasks.providers.catalogue.tokens import asked_tokens
from tasks.providers.gateway.answer_reading import read_answer
from tasks.providers.gateway.billing import cost_of, cost_of_failure, tokens_of
from tasks.providers.gateway.call import Call
from tasks.providers.gateway.clients import ProviderClient
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.findings import Findings
from tasks.providers.gateway.retry import left_s
from tasks.providers.gateway.usual_output import UsualOutput, prices, too_long_for_budget, within
from tasks.questions import Completion, Link, RawAnswer, Reservation, Usage

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger("mailroom.providers")

_OPENS_CIRCUIT = (Overloaded, TimedOut, Unreachable, ServerFault)
"""Failures that count against a provider's circuit. Rate limits and rejected keys have remedies of their own."""
_AT_LEAST_S = 1.0
_AFTER_OTHERS_S = 2.0


@dataclass(frozen=True)
class _Sent:
    """A request that is recorded, with what was reserved for it."""

    number: int
    key_index: int
    tokens: int
    reservation: Reservation | None
    probe: bool


class RequestSender:
    """Sends requests through the limits, circuits, budget and book of `Controls`; retries nothing."""

    def __init__(self, controls: Controls, findings: Findings, outputs: UsualOutput) -> None:
        self._book, self._rate_limiter, self._breakers = controls.book, controls.rate_limiter, controls.breakers
        self._budget, self._policy, self._stop = controls.budget, controls.policy, controls.stop
        self._clock = controls.timing.clock
        self._findings = findings
        self._outputs = outputs

    async def send(self, call: Call[T], client: ProviderClient, index: int) -> Completion[T]:
        """Send one request for the call with the key of this index, and return its answer.

        Raises:
            BadAnswer: The answer does not fit the schema; `call` has the text and its faults.
            CallError: The request failed, or the circuit is open.
            BudgetExceeded: The budget has too little left for the request or for the answer.
            Stopped: The run must end, and the request was not sent.
        """
        asked = asked_tokens(call.question, call.link.provider)
        tokens = asked + self._usual_answer(call, client)
        adapter = client.adapter(index)  # made before the call takes its place: the first one of a key takes long
        async with client.semaphore.taken(first=call.question.follows):
            sent = await self._admitted(call, client, index, asked, tokens)
            call.sent += 1
            question = within(call.question, call.link, client.account, asked, sent.reservation)
            try:
                raw = await adapter.ask(question, call.link.model)
            except CallError as error:
                failure = call.attributed(error, answers=self._findings.answers(call.link))
                await self._failed(call, sent, failure)
                if isinstance(failure, CutAnswer) and question is not call.question:
                    raise too_long_for_budget(question) from None
                raise failure from None
        return await self._answered(call, sent, raw)

    async def _admitted(self, call: Call[Any], client: ProviderClient, index: int, asked: int, tokens: int) -> _Sent:
        """Wait until the request may be sent, and record it."""
        self._stop.check()
        call.begun = self._clock() if call.begun is None else call.begun
        self._check_circuit(call)
        # A call that waited long for its place may still be sent if that is soon.
        within_s = max(_AT_LEAST_S, left_s(self._policy, call, self._clock()))
        await self._rate_limiter.turn(call.link, tokens, within_s=within_s)
        reservation = await self._reserve(call, client, asked, tokens)
        probe = await self._admit(call.link, tokens, reservation)
        number = await self._book.begin(
            call.key, message_key=call.message_key, question=call.question.name, provider=call.link.provider,
            model=call.link.model, key_index=index,
        )  # fmt: skip
        sent = _Sent(number, index, tokens, reservation, probe)
        if self._stop.is_set():
            await self._not_sent(call, sent)
        return sent

    async def _not_sent(self, call: Call[Any], sent: _Sent) -> NoReturn:
        """Undo the reservations of a request that was not sent, because the run must end.

        Raises:
            Stopped: Always.
        """
        self._rate_limiter.settle(call.link, sent.tokens, 0, None)
        await self._settle(sent.reservation, Decimal(0))
        await self._book.fail(sent.number, Stopped.code, usage=None, price_usd=Decimal(0), answer=None, request_id=None)
        self._stop.check()
        raise AssertionError("a stop that is set stays set")

    def _check_circuit(self, call: Call[Any]) -> None:
        try:
            self._breakers.check(call.link.provider)
        except CircuitOpen as error:
            if call.sent and error.retry_after_s is not None:
                error.retry_after_s += _AFTER_OTHERS_S  # this call may have opened the circuit: let another one probe
            raise

    async def _admit(self, link: Link, tokens: int, reservation: Reservation | None) -> bool:
        try:
            return await self._breakers.admit(link.provider)
        except CircuitOpen:
            self._rate_limiter.settle(link, tokens, 0, None)
            await self._settle(reservation, Decimal(0))
            raise

    async def _answered(self, call: Call[T], sent: _Sent, raw: RawAnswer) -> Completion[T]:
        link, cost = call.link, cost_of(call.link, raw)
        if raw.usage is not None:
            self._outputs.add(_kind(call), raw.usage.output_tokens)
        self._findings.note(link, sent.key_index, None)
        self._rate_limiter.settle(link, sent.tokens, tokens_of(raw.usage, sent.tokens), raw.limits)
        await self._rate_limiter.answered(link)
        await self._breakers.succeeded(link.provider, probe=sent.probe)
        await self._settle(sent.reservation, cost)
        value, faults = read_answer(call.question.answer, raw.text)
        if value is None:
            call.answer, call.faults = raw.text, _with_ending(faults, raw)
            await self._book.fail(
                sent.number, BadAnswer.code, usage=raw.usage, price_usd=cost, answer=raw.text, request_id=raw.request_id
            )
            said = (
                f"Model `{link.model}` of `{link.provider}` gave an answer that does not fit the schema: {call.faults}."
            )
            raise BadAnswer(f"{said} {BadAnswer.advice}", provider=link.provider, request_id=raw.request_id)
        await self._book.finish(sent.number, raw, cost)
        return Completion(
            value=value, usage=raw.usage or Usage(), price_usd=cost, provider=link.provider, model=raw.model,
            request_id=raw.request_id, simulated=raw.simulated, unsent=raw.unsent,
        )  # fmt: skip

    async def _failed(self, call: Call[Any], sent: _Sent, error: CallError) -> None:
        link = call.link
        usage = Usage(**error.usage) if error.usage else None
        cost = cost_of_failure(link, usage, error)
        self._findings.note(link, sent.key_index, error)
        self._rate_limiter.settle(link, sent.tokens, tokens_of(usage, 0), None)
        await self._settle(sent.reservation, cost)
        breaker_update = (
            self._breakers.failed(link.provider, probe=sent.probe, cause=str(error).removesuffix(error.advice).strip())
            if isinstance(error, _OPENS_CIRCUIT)
            else self._breakers.succeeded(link.provider, probe=sent.probe)
        )
        await asyncio.gather(
            self._book.fail(
                sent.number, error.code, usage=usage, price_usd=cost, answer=error.answer, request_id=error.request_id
            ),
            self._heed(link, error),
            breaker_update,
        )
        log.debug(
            "%s:%s: request %d, with key %d, failed (%s)",
            link.provider, link.model, call.sent, sent.key_index + 1, error.code,
        )  # fmt: skip

    async def _heed(self, link: Link, error: CallError) -> None:
        too_fast = isinstance(error, RateLimited)
        wait_s = (error.retry_after_s or 0.0) if isinstance(error, RateLimited | Overloaded) else 0.0
        if too_fast or wait_s:
            await self._rate_limiter.heed(link, too_fast=too_fast, wait_s=wait_s)

    async def _reserve(self, call: Call[Any], client: ProviderClient, asked: int, tokens: int) -> Reservation | None:
        if self._budget is None:
            return None
        worst, least = prices(call.question, call.link, client.account, asked, self._outputs)
        try:
            return await self._budget.reserve(worst, least_usd=least, message_key=call.message_key)
        except BudgetExceeded:
            self._rate_limiter.settle(call.link, tokens, 0, None)
            raise

    async def _settle(self, reservation: Reservation | None, cost: Decimal | None) -> None:
        if self._budget is not None and reservation is not None:
            await self._budget.settle(reservation, cost)

    def _usual_answer(self, call: Call[Any], client: ProviderClient) -> int:
        """The expected output tokens of the call, for its rate limit.

        Answers use only a fraction of their limit, so reservations of the whole limit would leave most of it unused.
        """
        unknown = (call.question.max_tokens or client.account.max_tokens) / 4
        return int(self._outputs.mean(_kind(call), unknown))


def _kind(call: Call[Any]) -> tuple[str, str, str]:
    return call.link.provider, call.link.model, call.question.name


def _with_ending(faults: str, raw: RawAnswer) -> str:
    return f"{faults}; it ended for a reason that is not known here" if raw.odd_ending else faults
