"""One question to one provider: when it may be asked, with which key, what is written down, and what is tried again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, NoReturn, TypeVar

from pydantic import BaseModel

from tasks.errors import (
    BadAnswer,
    BudgetExceeded,
    CallError,
    CircuitOpen,
    CutAnswer,
    Misdirected,
    Overloaded,
    RateLimited,
    RequestRejected,
    ServerFault,
    Stopped,
    TimedOut,
    Unreachable,
    Unusable,
)
from tasks.providers.catalogue.tokens import asked_tokens
from tasks.providers.gateway.answer_reading import read_answer
from tasks.providers.gateway.billing import cost_of, cost_of_failure, tokens_of
from tasks.providers.gateway.clients import Clients, ProviderClient
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.findings import Findings
from tasks.providers.gateway.repair import repaired
from tasks.providers.gateway.retry import left_s, retrying
from tasks.providers.gateway.usual_output import UsualOutput, prices, too_long_for_budget, within
from tasks.questions import (
    Completion,
    Link,
    Question,
    RawAnswer,
    Reservation,
    Usage,
)

T = TypeVar("T", bound=BaseModel)
log = logging.getLogger("mailroom.providers")

_AWAY = (Overloaded, TimedOut, Unreachable, ServerFault)
"""What counts against a provider's circuit; who limits us or rejects a key is there, and each has its own cure."""
_LEARNING = 0.1
"""How much the latest answer's length counts in what is usual."""
_AT_LEAST_S = 1.0
_AFTER_OTHERS_S = 2.0
_MAILS_OWN = "Read the mail yourself, or let another provider read it."


@dataclass(kw_only=True)
class Call(Generic[T]):
    """One question on its way to one provider."""

    question: Question[T]
    link: Link
    key: str
    message_key: str
    patient: bool
    begun: float | None = None
    sent: int = 0
    faults: str = field(default="it was empty", repr=False)
    answer: str = field(default="", repr=False)
    """The bad answer that `faults` are about."""
    failed_with: tuple[str, int] = ("", 0)
    """The words of the last server error, and how many answers the model had given then."""


@dataclass(frozen=True)
class _Sent:
    """A request that is out, or was."""

    number: int
    key_index: int
    tokens: int
    reservation: Reservation | None
    probe: bool


class Caller:
    """Asks until there is an answer or a reason to stop; knows nothing of caches or other providers."""

    def __init__(
        self,
        clients: Clients,
        controls: Controls,
        findings: Findings,
        outputs: UsualOutput,
    ) -> None:
        timing, stop = controls.timing, controls.stop
        self._clients = clients
        self._book, self._rate_limiter, self._breakers = controls.book, controls.rate_limiter, controls.breakers
        self._budget, self._policy, self._stop = controls.budget, controls.policy, stop
        self._findings = findings
        self._outputs = outputs
        self._clock = timing.clock
        self._retrying = retrying(controls.policy, clock=timing.clock, sleep=timing.sleep or stop.sleep, rng=timing.rng)
        self._usual: dict[tuple[str, str, str], float] = {}

    async def ask(self, call: Call[T]) -> Completion[T]:
        """The answer, after one attempt to have a bad one repaired.

        Raises:
            CallError: There is none; every request sent is in the book.
            BudgetExceeded: The next request might cost more than is left.
            Stopped: The run is to end, and the next request was not sent.
        """
        try:
            return await self._retried(call)
        except CutAnswer:
            if not self._may_be_longer(call):
                raise  # the same limit would cut the next one, too
            again = replace(call, question=replace(call.question, max_tokens=None), sent=0)
        except BadAnswer:
            again = replace(call, question=repaired(call.question, call.answer, call.faults), sent=0)
        try:
            return await self._retried(again)
        finally:
            call.sent += again.sent

    async def _retried(self, call: Call[T]) -> Completion[T]:
        try:
            return await self._attempt(call)
        except CallError as error:
            first = [error]

        async def again(call: Call[T]) -> Completion[T]:
            # The loop, which costs a call as much as its ledger rows, begins with the failure that called for it.
            if first:
                raise first.pop()
            return await self._attempt(call)

        completion: Completion[T] = await self._retrying(again, call)
        return completion

    async def _attempt(self, call: Call[T]) -> Completion[T]:
        client = self._clients.of(call.link.provider)
        while True:
            self._findings.check(call.link)
            index = client.rotation.current()
            gate = self._findings.gate(call.link, index)
            if gate is None:
                completion = await self._with_key(call, client, index)
            else:
                async with gate.taken(first=call.question.follows):
                    if self._findings.gate(call.link, index) is None or client.rotation.current() != index:
                        continue  # somebody has found out meanwhile
                    self._findings.check(call.link)
                    completion = await self._with_key(call, client, index)
            if completion is not None:
                return completion

    async def _with_key(self, call: Call[T], client: ProviderClient, index: int) -> Completion[T] | None:
        """The answer; null where the key was rejected and there is another one to use."""
        try:
            return await self._send(call, client, index)
        except Misdirected:
            raise  # it does not lie with the key
        except Unusable as error:
            if not client.rotation.rest(index, error):
                raise
        return None

    def _may_be_longer(self, call: Call[Any]) -> bool:
        own = call.question.max_tokens
        return own is not None and own < self._clients.of(call.link.provider).account.max_tokens

    async def _send(self, call: Call[T], client: ProviderClient, index: int) -> Completion[T]:
        asked, tokens = self._tokens(call, client)
        adapter = client.adapter(index)  # before its turn, since the first takes a while to make
        async with client.semaphore.taken(first=call.question.follows):
            self._stop.check()
            call.begun = self._clock() if call.begun is None else call.begun
            self._check_circuit(call)
            # Whoever waited long for a place may still go, if not much later.
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
            call.sent += 1
            question = within(call.question, call.link, client.account, asked, reservation)
            try:
                raw = await adapter.ask(question, call.link.model)
            except CallError as error:
                failure = self._whose(call, error)
                await self._failed(call, sent, failure)
                if isinstance(failure, CutAnswer) and question is not call.question:
                    raise too_long_for_budget(question) from None
                raise failure from None
        return await self._answered(call, sent, raw)

    def _whose(self, call: Call[Any], error: CallError) -> CallError:
        """The error. It is the mail's own if the provider repeats it word for word and answered others between."""
        if not isinstance(error, ServerFault) or not error.words:
            return error
        answers = self._findings.answers(call.link)
        words, before = call.failed_with
        call.failed_with = (error.words, before if words == error.words else answers)
        if words != error.words or answers == before:
            return error
        said = (
            f"{str(error).removesuffix(error.advice).strip()} It says the same of this mail each time, "
            "and answers others."
        )
        return RequestRejected(f"{said} {_MAILS_OWN}", provider=error.provider, status=error.status, advice=_MAILS_OWN)

    async def _not_sent(self, call: Call[Any], sent: _Sent) -> NoReturn:
        """Take back what was written down for a request that the run's end came before."""
        self._rate_limiter.settle(call.link, sent.tokens, 0, None)
        await self._settle(sent.reservation, Decimal(0))
        await self._book.fail(sent.number, Stopped.code, usage=None, price_usd=Decimal(0), answer=None, request_id=None)
        self._stop.check()
        raise AssertionError("a run that is to end stays so")

    def _check_circuit(self, call: Call[Any]) -> None:
        try:
            self._breakers.check(call.link.provider)
        except CircuitOpen as error:
            if call.sent and error.retry_after_s is not None:
                error.retry_after_s += _AFTER_OTHERS_S  # it may be what opened the circuit; let another call probe
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
            self._learn(call, raw.usage)
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
            said = f"Model `{link.model}` of `{link.provider}` gave an answer that is not as asked for: {call.faults}."
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
        away = isinstance(error, _AWAY)
        told = (
            self._breakers.failed(link.provider, probe=sent.probe, cause=str(error).removesuffix(error.advice).strip())
            if away
            else self._breakers.succeeded(link.provider, probe=sent.probe)
        )
        await asyncio.gather(
            self._book.fail(
                sent.number, error.code, usage=usage, price_usd=cost, answer=error.answer, request_id=error.request_id
            ),
            self._heed(link, error),
            told,
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

    def _tokens(self, call: Call[Any], client: ProviderClient) -> tuple[int, int]:
        """About how many tokens the question has, and how many it has together with a usual answer.

        The most an answer may have is several times what it has; limits reserved by that would stand mostly unused.
        """
        question = call.question
        asked = asked_tokens(question, call.link.provider)
        unknown = (question.max_tokens or client.account.max_tokens) / 4
        return asked, asked + int(self._usual.get(_kind(call), unknown))

    def _learn(self, call: Call[Any], usage: Usage) -> None:
        self._outputs.add(_kind(call), usage.output_tokens)
        usual = self._usual.get(_kind(call), float(usage.output_tokens))
        self._usual[_kind(call)] = usual + _LEARNING * (usage.output_tokens - usual)


def _kind(call: Call[Any]) -> tuple[str, str, str]:
    return call.link.provider, call.link.model, call.question.name


def _with_ending(faults: str, raw: RawAnswer) -> str:
    return f"{faults}; it ended for a reason that is not known here" if raw.odd_ending else faults
