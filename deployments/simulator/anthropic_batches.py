"""Anthropic's message batches: requests in one body, results as lines once all are settled."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import orjson

from deployments.simulator.anthropic_wire import check_headers, refuse
from deployments.simulator.anthropic_wire import create as create_message
from deployments.simulator.batches import Item, StoredBatch
from deployments.simulator.state import SimulatorState
from deployments.simulator.wire import (
    Answered,
    JsonObject,
    RefusedRequest,
    Reply,
    Request,
    as_json,
    new_id,
    read_object,
)

_CUSTOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# docs.claude.com, batch processing
_MOST_REQUESTS, _MOST_BYTES = 100_000, 256_000_000


def create(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/messages/batches`."""
    check_headers(request, state)
    if len(request.body) > _MOST_BYTES:
        raise refuse(413, "Request exceeds the maximum size")
    body = read_object(request.body, lambda message: refuse(400, message))
    batch = state.begin_batch(
        new_id("msgbatch_"), "anthropic", _read_requests(body), partial(create_message, state=state)
    )
    return as_json(_as_object(batch, request))


def retrieve(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/messages/batches/{id}`."""
    batch = _find(request, state)
    state.advance(batch)
    return as_json(_as_object(batch, request))


def cancel(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/messages/batches/{id}/cancel`."""
    batch = _find(request, state)
    now = time.time()
    if batch.cancelled is None and batch.ended(now) is not None:
        raise refuse(400, f"Batch {batch.id} has already ended and cannot be canceled.")
    before = _as_object(batch, request)
    state.advance(batch)
    batch.cancelled = batch.cancelled or now
    return as_json(before | {"processing_status": "canceling", "cancel_initiated_at": _written(batch.cancelled)})


def delete(request: Request, state: SimulatorState) -> Reply:
    """Answer `DELETE /v1/messages/batches/{id}`."""
    batch = _find(request, state)
    if batch.ended(time.time()) is None:
        raise refuse(400, f"Batch {batch.id} cannot be deleted while it is in progress.")
    del state.batches[batch.id]
    return as_json({"id": batch.id, "type": "message_batch_deleted"})


def list_all(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/messages/batches`: newest first, a page at a time."""
    check_headers(request, state)
    page, has_more = state.page_of_batches("anthropic", request.query, cursor="after_id")
    return as_json(
        {
            "data": [_as_object(batch, request) for batch in page],
            "has_more": has_more,
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
        }
    )


def results(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/messages/batches/{id}/results`: one line a request, in another order than they came."""
    batch = _find(request, state)
    state.advance(batch)
    if batch.ended(time.time()) is None:
        raise refuse(404, f"Batch {batch.id} has no results available until it has ended.")
    lines = [(item.custom_id, _result(outcome)) for item, outcome in zip(batch.items, batch.outcomes, strict=False)]
    left = {"type": "canceled" if batch.cancelled is not None else "expired"}
    lines += [(item.custom_id, left) for item in batch.unanswered]
    written = b"".join(orjson.dumps({"custom_id": name, "result": result}) + b"\n" for name, result in reversed(lines))
    return Reply(body=written, content_type="application/x-jsonl")


def _read_requests(body: JsonObject) -> list[Item]:
    requests = body.get("requests")
    if not isinstance(requests, list):
        raise refuse(400, "requests: Field required")
    if not 1 <= len(requests) <= _MOST_REQUESTS:
        raise refuse(400, f"requests: List should have between 1 and {_MOST_REQUESTS} items")
    seen: set[str] = set()
    for at, one in enumerate(requests):
        _check_request(one, at, seen)
    return [Item(one["custom_id"], one["params"]) for one in requests]


def _check_request(one: object, at: int, seen: set[str]) -> None:
    custom_id = one.get("custom_id") if isinstance(one, dict) else None
    if not isinstance(custom_id, str) or not _CUSTOM_ID.fullmatch(custom_id):
        raise refuse(400, f"requests.{at}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    if custom_id in seen:
        raise refuse(400, f"requests.{at}.custom_id: '{custom_id}' is not unique in the batch")
    if not isinstance(one, dict) or not isinstance(one.get("params"), dict):
        raise refuse(400, f"requests.{at}.params: Field required")
    seen.add(custom_id)


def _find(request: Request, state: SimulatorState) -> StoredBatch:
    check_headers(request, state)
    batch = state.batches.get(request.path.split("/")[4])
    if batch is None or batch.provider != "anthropic":
        raise refuse(404, f"Message batch not found: {request.path.split('/')[4]}")
    return batch


def _result(outcome: Answered | RefusedRequest) -> JsonObject:
    if isinstance(outcome, Answered):
        return {"type": "succeeded", "message": outcome.body}
    return {"type": "errored", "error": outcome.body | {"request_id": None}}


def _as_object(batch: StoredBatch, request: Request) -> JsonObject:
    ended = batch.ended(time.time())
    status = "ended" if ended is not None else "in_progress" if batch.cancelled is None else "canceling"
    url = f"{request.origin}/v1/messages/batches/{batch.id}/results" if ended is not None else None
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": _counts(batch, batch.outcomes if ended is not None else None),
        "created_at": _written(batch.begun),
        "ended_at": _written(ended),
        "expires_at": _written(batch.begun + batch.expires_s),
        "archived_at": None,
        "cancel_initiated_at": _written(batch.cancelled),
        "results_url": url,
    }


def _counts(batch: StoredBatch, outcomes: Sequence[Answered | RefusedRequest] | None) -> JsonObject:
    """Return how many requests came to what; all are processing until the batch has ended."""
    if outcomes is None:
        return {"processing": len(batch.items), "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0}
    succeeded, left = sum(isinstance(o, Answered) for o in outcomes), len(batch.unanswered)
    is_canceled = batch.cancelled is not None
    return {
        "processing": 0,
        "succeeded": succeeded,
        "errored": len(outcomes) - succeeded,
        "canceled": left if is_canceled else 0,
        "expired": 0 if is_canceled else left,
    }


def _written(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
