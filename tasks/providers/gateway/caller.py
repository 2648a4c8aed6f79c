"""Asks one question of one provider until there is an answer: chooses keys, retries, and has bad answers repaired."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from tasks.errors import BadAnswer, CallError, CutAnswer, Misdirected, Unusable
from tasks.providers.gateway.call import Call
from tasks.providers.gateway.clients import Clients, ProviderClient
from tasks.providers.gateway.controls import Controls
from tasks.providers.gateway.findings import Findings
from tasks.providers.gateway.repair import repaired
from tasks.providers.gateway.request_sender import RequestSender
from tasks.providers.gateway.retry import retrying
from tasks.providers.gateway.usual_output import UsualOutput
from tasks.questions import Completion

T = TypeVar("T", bound=BaseModel)


class Caller:
    """Asks until there is an answer or a reason to stop. It knows nothing of caches or of other providers."""

    def __init__(self, clients: Clients, controls: Controls, findings: Findings, outputs: UsualOutput) -> None:
        timing = controls.timing
        self._clients = clients
        self._findings = findings
        self._sender = RequestSender(controls, findings, outputs)
        self._retrying = retrying(
            controls.policy, clock=timing.clock, sleep=timing.sleep or controls.stop.sleep, rng=timing.rng
        )

    async def ask(self, call: Call[T]) -> Completion[T]:
        """The answer. A bad answer is returned to the model once to be repaired.

        Raises:
            CallError: There is no answer. Every request that was sent is in the book.
            BudgetExceeded: The next request might cost more than is left.
            Stopped: The run must end, and the next request was not sent.
        """
        try:
            return await self._retried(call)
        except CutAnswer:
            if not self._may_be_longer(call):
                raise  # the next answer would be cut at the same limit
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
            # The loop takes as much CPU as a call's ledger rows, so it starts only after a failure, with that failure.
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
                        continue  # another call has tried the key meanwhile
                    self._findings.check(call.link)
                    completion = await self._with_key(call, client, index)
            if completion is not None:
                return completion

    async def _with_key(self, call: Call[T], client: ProviderClient, index: int) -> Completion[T] | None:
        """The answer; null where the key was rejected and there is another one."""
        try:
            return await self._sender.send(call, client, index)
        except Misdirected:
            raise  # another key would not help
        except Unusable as error:
            if not client.rotation.rest(index, error):
                raise
        return None

    def _may_be_longer(self, call: Call[Any]) -> bool:
        own = call.question.max_tokens
        return own is not None and own < self._clients.of(call.link.provider).account.max_tokens
