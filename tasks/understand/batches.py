"""Sends batches and collects their answers in durable steps, so that the process may die after any of them.

A batch is recorded in the ledger before it is sent. A batch of a dead process is first searched for at the provider,
and sent again only if it is not there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tasks.errors import BatchGone, CallError, Permanent, RequestRejected, TimedOut
from tasks.ledger.batch_queue import BatchBounds, NothingAffordable, Waiting, give_up_waiting, record_batch, waiting
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
    release_batch,
    requests_of,
    settle_items,
)
from tasks.ledger.budgets import Alert, Scope, open_scopes, scopes_at
from tasks.providers.apis.batch_api import BatchApi, Result, best_results
from tasks.providers.event_loop import on_model_loop
from tasks.understand.batch_results import OVERDUE_S, BatchTally, all_results, cause_of, is_overdue, name_of, settled_by

log = logging.getLogger("mailroom.understand")

Caps = Mapping[str, Decimal | None]


@dataclass(kw_only=True)
class BatchRound:
    """A process's round over the batches. `caps_of` gives a run's budgets; collected answers are billed to `run_id`."""

    engine: Engine
    api_of: Callable[[str], BatchApi]
    caps_of: Callable[[str], Caps]
    owner: str
    run_id: str
    on_alert: Callable[[Alert], None] | None = None
    tally: BatchTally = field(default_factory=BatchTally)

    def send(self) -> BatchTally:
        """Put all waiting questions into batches, and send them."""
        for group in waiting(self.engine):
            with self._trouble_of(f"Questions for `{group.model}` of {group.provider}"):
                self._send_group(group)
        leave_batches(self.engine, self.owner)
        return self.tally

    def collect(self) -> BatchTally:
        """Claim the batches of dead processes, and settle every batch that has ended."""
        keep_parked(self.engine)
        for batch in claim_batches(self.engine, owner=self.owner):
            self._guarded(batch, self._advance)
        leave_batches(self.engine, self.owner)
        return self.tally

    def _send_group(self, group: Waiting) -> None:
        api, scopes = self.api_of(group.provider), self._scopes(group.run_id)
        room = BatchBounds(items=api.most_items, body_bytes=api.most_bytes)
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
        """Run the step. If it fails, only this batch is affected; it is tried again next time, up to a limit."""
        with self._trouble_of(name_of(batch)):
            try:
                step(batch)
            except SQLAlchemyError:
                raise
            except Exception as error:
                if is_overdue(batch):
                    self._fail(
                        batch, error.code if isinstance(error, CallError) else RequestRejected.code, cause_of(error)
                    )
                raise

    @contextmanager
    def _trouble_of(self, name: str) -> Iterator[None]:
        """Note an error of the block, so that the other batches go on. Errors of the ledger are raised."""
        try:
            yield
        except SQLAlchemyError:
            raise
        except Exception as error:
            self._note(f"{name}: {cause_of(error)}")

    def _note(self, trouble: str) -> None:
        self.tally.troubles.append(trouble)
        log.warning("%s", trouble)

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
        except BatchGone as error:
            self._without_api(batch, error)
            return
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
        """Settle the batch if it has ended; return whether it has. Unanswered questions are queued again or fail."""
        assert batch.remote_id is not None
        api = self.api_of(batch.provider)
        try:
            standing = on_model_loop(api.standing(batch.remote_id))
            if standing.failed:
                self._refused(batch, RequestRejected.code, standing.failed)
                return False
            if not standing.ended:
                self._still_open(batch)
                return False
            results = on_model_loop(all_results(api, batch.remote_id, batch.model))
        except Permanent as error:
            self._lost(batch, str(error))
            return False
        return self._settle(batch, results)

    def _settle(self, batch: Batch, results: list[Result]) -> bool:
        mine = {key for key, _body in requests_of(self.engine, batch.batch_id)}
        best = best_results(results, mine)
        if results and not best:
            self._lost(batch, "It holds results of other questions alone.")  # and is not ours to clean up
            return False
        settled = [settled_by(result, batch) for result in best]
        self.tally.settled += settle_items(self.engine, batch, settled, run_id=self.run_id, on_alert=self.on_alert)
        left = ask_again(self.engine, batch, error_code=TimedOut.code, run_id=self.run_id)
        left += sum(one.unanswered for one in settled)
        move_batch(
            self.engine, batch.batch_id, "collected", error=f"It left {left} questions unanswered." if left else ""
        )
        self.tally.unanswered += left
        self.tally.collected += 1
        return True

    def _still_open(self, batch: Batch) -> None:
        self.tally.open += 1
        if is_overdue(batch):
            self._lost(batch, f"It has not ended for {OVERDUE_S / 3_600:.0f} hours.")

    def _lost(self, batch: Batch, why: str) -> None:
        """Give up a batch without results: its questions are asked again, or fail after a few tries."""
        ask_again(self.engine, batch, error_code=TimedOut.code, run_id=self.run_id)
        move_batch(self.engine, batch.batch_id, "failed", error=why[:500])
        self._note(f"{name_of(batch)} is lost: {why}")

    def _fail(self, batch: Batch, code: str, why: str) -> None:
        """Record that all remaining questions of the batch have failed."""
        failed = [Settled(key=key, error_code=code) for key, _body in requests_of(self.engine, batch.batch_id)]
        settle_items(self.engine, batch, failed, run_id=self.run_id)
        move_batch(self.engine, batch.batch_id, "failed", error=why[:500])

    def _without_api(self, batch: Batch, error: BatchGone) -> None:
        """Release the mails of a batch for a provider that does not accept batches at its address."""
        count = release_batch(self.engine, batch, run_id=self.run_id)
        move_batch(self.engine, batch.batch_id, "failed", error=str(error)[:500])
        self._note(
            f"{name_of(batch)} could not be sent, and {count} mails are left for another run: `{batch.provider}` takes "
            "no batches at its address. Choose the normal mode, or check the provider's *_BASE_URL."
        )

    def _refused(self, batch: Batch, code: str, why: str) -> None:
        """Record that the provider rejected the batch. Its questions fail, or are asked again if its queue was full."""
        if "token_limit_exceeded" in why:
            ask_again(self.engine, batch, error_code=TimedOut.code, run_id=self.run_id)
            move_batch(self.engine, batch.batch_id, "failed", error=why[:500])
        else:
            self._fail(batch, code, why)
        self._note(f"{name_of(batch)} was refused: {why}")

    def _clean_up(self, batch: Batch) -> None:
        if batch.remote_id is not None:
            on_model_loop(self.api_of(batch.provider).forget(batch.remote_id, batch.file_id))
        move_batch(self.engine, batch.batch_id, "closed")
