"""Sending batches and bringing their answers home, one durable step after the other: any of them may be the last.

Before something is sent, the ledger says that it will be; what a process that died left behind is first looked for at the
provider, and only sent again when it is not there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from tasks.errors import CallError, MailroomError, Permanent
from tasks.ledger.batch_queue import NothingAffordable, Room, Waiting, give_up_waiting, record_batch, waiting
from tasks.ledger.batches import (
    LEASE_S,
    Batch,
    Settled,
    ask_again,
    claim_batches,
    keep_parked,
    known_remotes,
    leave_batches,
    move_batch,
    requests_of,
    settle_items,
)
from tasks.ledger.budgets import Alert, Scope, open_scopes, scopes_at
from tasks.providers.apis.batch_api import PRICE_FACTOR, BatchApi, Result
from tasks.providers.catalogue.prices import price
from tasks.providers.event_loop import on_model_loop
from tasks.questions import Usage

log = logging.getLogger("mailroom.understand")

Caps = Mapping[str, Decimal | None]


@dataclass(kw_only=True)
class Tally:
    """What a round came to; `troubles` are batches that could not be worked on, to be tried again next time."""

    sent: int = 0
    open: int = 0
    collected: int = 0
    settled: int = 0
    unaffordable: int = 0
    """Mails that are PENDING again, because no budget leaves room for their questions."""
    troubles: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        """The round in one line."""
        said = f"{self.sent} batches sent, {self.open} open, {self.collected} collected with {self.settled} answers"
        return f"{said}, {self.unaffordable} mails left for want of budget" if self.unaffordable else said


@dataclass(kw_only=True)
class BatchRound:
    """One process's round over the batches; `caps_of` says which budgets bind a run, `run_id` pays what is collected."""

    engine: Engine
    api_of: Callable[[str], BatchApi]
    caps_of: Callable[[str], Caps]
    owner: str
    run_id: str
    on_alert: Callable[[Alert], None] | None = None
    tally: Tally = field(default_factory=Tally)

    def send(self) -> Tally:
        """Put all waiting questions into batches, and send these."""
        for group in waiting(self.engine):
            self._send_group(group)
        leave_batches(self.engine, self.owner)
        return self.tally

    def collect(self) -> Tally:
        """Take up what others left behind, and settle every batch that has ended."""
        keep_parked(self.engine)
        for batch in claim_batches(self.engine, owner=self.owner):
            self._guarded(batch, self._advance)
        leave_batches(self.engine, self.owner)
        return self.tally

    def _send_group(self, group: Waiting) -> None:
        api, scopes = self.api_of(group.provider), self._scopes(group.run_id)
        room = Room(items=api.most_items, body_bytes=api.most_bytes)
        while True:
            try:
                found = record_batch(self.engine, group, room, owner=self.owner, lease_s=LEASE_S, scopes=scopes)
            except NothingAffordable as why:
                self.tally.unaffordable += give_up_waiting(self.engine, group)
                log.warning("No batch can be paid for: %s has too little left.", why.shortage.scope.name)
                return
            if found is None:
                return
            (batch,) = claim_batches(self.engine, owner=self.owner, only=found)
            self._guarded(batch, self._submit)

    def _scopes(self, run_id: str) -> tuple[Scope, ...]:
        caps = self.caps_of(run_id)
        if not any(caps.values()):
            return ()
        scopes = scopes_at(run_id, caps, datetime.now(UTC))
        open_scopes(self.engine, scopes)
        return scopes

    def _guarded(self, batch: Batch, step: Callable[[Batch], None]) -> None:
        """Do the step; a provider that is away concerns this batch alone, which is taken up again next time."""
        try:
            step(batch)
        except MailroomError as error:
            self.tally.troubles.append(f"Batch {batch.batch_id[:8]} of {batch.provider}: {error.told}")
            log.warning("%s", self.tally.troubles[-1])

    def _advance(self, batch: Batch) -> None:
        if batch.state in ("recorded", "uploaded", "submitting"):
            self._submit(batch)
            return
        if batch.state == "collected" or self._collect(batch):
            self._clean_up(batch)

    def _submit(self, batch: Batch) -> None:
        api, file_id = self.api_of(batch.provider), batch.file_id
        requests = requests_of(self.engine, batch.batch_id)
        try:
            if batch.state == "recorded":
                file_id = on_model_loop(api.upload(batch.batch_id, requests))
                move_batch(self.engine, batch.batch_id, "uploaded", file_id=file_id)
            remote_id = self._found(api, batch, requests) if batch.state == "submitting" else None
            if remote_id is None:
                move_batch(self.engine, batch.batch_id, "submitting")
                remote_id = on_model_loop(api.submit(batch.batch_id, file_id, requests))
        except Permanent as error:
            self._refused(batch, type(error).code, str(error))
            return
        move_batch(self.engine, batch.batch_id, "submitted", remote_id=remote_id)
        self.tally.sent += 1

    def _found(self, api: BatchApi, batch: Batch, requests: list[tuple[str, str]]) -> str | None:
        keys = {key for key, _body in requests}
        others = known_remotes(self.engine, batch.provider)
        return on_model_loop(api.find(batch.batch_id, since=batch.created_at, keys=keys, not_in=others))

    def _collect(self, batch: Batch) -> bool:
        """Whether the batch had ended with answers, and is settled now."""
        assert batch.remote_id is not None
        api = self.api_of(batch.provider)
        standing = on_model_loop(api.standing(batch.remote_id))
        if not standing.ended:
            self.tally.open += 1
            return False
        if standing.failed:
            self._refused(batch, "API_ERROR", standing.failed)
            return False
        results = on_model_loop(_all(api, batch.remote_id, batch.model))
        mine = {key for key, _body in requests_of(self.engine, batch.batch_id)}
        if mine.isdisjoint(result.key for result in results):
            # A batch of somebody else's that looked like ours; ours was never sent.
            move_batch(self.engine, batch.batch_id, "submitting", remote_id=None)
            return False
        settled = [_settled(result, batch) for result in results if result.key in mine]
        self.tally.settled += settle_items(self.engine, batch, settled, run_id=self.run_id, on_alert=self.on_alert)
        ask_again(self.engine, batch, error_code="TIMEOUT", run_id=self.run_id)
        move_batch(self.engine, batch.batch_id, "collected")
        self.tally.collected += 1
        return True

    def _refused(self, batch: Batch, code: str, why: str) -> None:
        """The provider did not take the batch: its questions fail, but for a full queue, where they are asked again."""
        if "token_limit_exceeded" in why:
            ask_again(self.engine, batch, error_code="TIMEOUT", run_id=self.run_id)
        else:
            failed = [Settled(key=key, error_code=code) for key, _body in requests_of(self.engine, batch.batch_id)]
            settle_items(self.engine, batch, failed, run_id=self.run_id)
        move_batch(self.engine, batch.batch_id, "failed", error=why[:500])
        self.tally.troubles.append(f"Batch {batch.batch_id[:8]} of {batch.provider} was refused: {why}")

    def _clean_up(self, batch: Batch) -> None:
        if batch.remote_id is not None:
            on_model_loop(self.api_of(batch.provider).forget(batch.remote_id, batch.file_id))
        move_batch(self.engine, batch.batch_id, "closed")


async def _all(api: BatchApi, remote_id: str, model: str) -> list[Result]:
    return [result async for result in api.results(remote_id, model)]


def _settled(result: Result, batch: Batch) -> Settled:
    if result.answer is not None:
        answer = result.answer
        cost = price(batch.provider, answer.model, answer.usage)
        return Settled(key=result.key, answer=answer, price_usd=None if cost is None else cost * PRICE_FACTOR)
    if result.error is None:
        return Settled(key=result.key, error_code="TIMEOUT", unanswered=True)
    return _failed(result.key, result.error, batch)


def _failed(key: str, error: CallError, batch: Batch) -> Settled:
    usage = Usage(**error.usage) if error.usage else Usage()
    cost: Any = price(batch.provider, batch.model, usage) if error.usage else Decimal(0)
    half = None if cost is None else cost * PRICE_FACTOR
    return Settled(key=key, error_code=error.code, usage=usage, price_usd=half, kept=error.answer)
