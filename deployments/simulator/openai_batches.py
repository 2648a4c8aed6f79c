"""OpenAI's batches: a file of requests in, files of answers and of refusals out."""

import time
from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson

from deployments.simulator.batches import Item, StoredBatch
from deployments.simulator.openai_files import store
from deployments.simulator.openai_wire import check_key, complete, refuse
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

_ENDPOINT = "/v1/chat/completions"
# platform.openai.com/docs/guides/batch
_MOST_REQUESTS = 50_000
_MOST_METADATA, _KEY_CHARS, _VALUE_CHARS = 16, 64, 512


def create(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/batches`."""
    check_key(request, state)
    body = read_object(request.body, lambda message: refuse(400, message))
    _check(body, state)
    file_id = body["input_file_id"]
    items, faults = _read_lines(state.files[file_id].content)
    batch = state.begin_batch(new_id("batch_"), "openai", items, partial(complete, state=state))
    batch.faults = faults
    batch.details |= {"input_file_id": file_id, "endpoint": body["endpoint"], "metadata": body.get("metadata")}
    return as_json(_as_object(batch, batch.begun) | {"status": "validating"})


def retrieve(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/batches/{id}`."""
    return as_json(_now(_find(request, state), state))


def cancel(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/batches/{id}/cancel`."""
    batch = _find(request, state)
    now = time.time()
    if batch.faults or (batch.cancelled is None and batch.ended(now) is not None):
        raise refuse(409, f"Cannot cancel a batch with status '{_status(batch, now)}'.")
    state.advance(batch)
    batch.cancelled = batch.cancelled or now
    return as_json(_as_object(batch, now) | {"status": "cancelling", "cancelled_at": None})


def list_all(request: Request, state: SimulatorState) -> Reply:
    """Answer `GET /v1/batches`: newest first, a page at a time."""
    check_key(request, state)
    page, has_more = state.page_of_batches("openai", request.query, cursor="after")
    return as_json(
        {
            "object": "list",
            "data": [_now(batch, state) for batch in page],
            "first_id": page[0].id if page else None,
            "last_id": page[-1].id if page else None,
            "has_more": has_more,
        }
    )


def _check(body: JsonObject, state: SimulatorState) -> None:
    for name in ("input_file_id", "endpoint", "completion_window"):
        if not isinstance(body.get(name), str):
            raise refuse(400, f"Missing required parameter: '{name}'.", code="missing_required_parameter", param=name)
    if body["endpoint"] != _ENDPOINT:
        raise refuse(
            400, f"Invalid value: '{body['endpoint']}'. The simulator answers '{_ENDPOINT}'.", param="endpoint"
        )
    if body["completion_window"] != "24h":
        raise refuse(
            400, "Invalid value for 'completion_window'. Supported values are: '24h'.", param="completion_window"
        )
    file = state.files.get(body["input_file_id"])
    if file is None or file.purpose != "batch":
        raise refuse(400, f"Invalid file: {body['input_file_id']}", param="input_file_id")
    _check_metadata(body.get("metadata"))


def _check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    if (
        not isinstance(metadata, dict)
        or len(metadata) > _MOST_METADATA
        or not all(
            isinstance(value, str) and len(name) <= _KEY_CHARS and len(value) <= _VALUE_CHARS
            for name, value in metadata.items()
        )
    ):
        raise refuse(400, "Invalid 'metadata': at most 16 pairs of strings.", param="metadata")


def _read_lines(content: bytes) -> tuple[list[Item], list[JsonObject]]:
    """Return the requests of a file and what is wrong with it; a file with faults is no batch."""
    items: list[Item] = []
    faults: list[JsonObject] = []
    seen: set[str] = set()
    models: set[Any] = set()
    for number, line in enumerate(content.splitlines(), start=1):
        item = _read_line(line)
        if isinstance(item, tuple):
            faults.append(_fault(*item, line=number))
            continue
        if item.custom_id in seen:
            faults.append(
                _fault("duplicate_custom_id", f"The custom_id '{item.custom_id}' is not unique.", line=number)
            )
        seen.add(item.custom_id)
        models.add(str(item.body.get("model")))
        items.append(item)
    if not items and not faults:
        faults.append(_fault("empty_file", "The input file is empty."))
    if len(items) > _MOST_REQUESTS:
        faults.append(_fault("too_many_tasks", f"The input file holds more than {_MOST_REQUESTS} requests."))
    if len(models) > 1:
        faults.append(_fault("mismatched_model", "All requests of a batch must name the same model."))
    return items, faults


def _read_line(line: bytes) -> Item | tuple[str, str]:
    """Return one request, or the code and message of its fault."""
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "invalid_json_line", "This line is not parseable as valid JSON."
    if not isinstance(read, dict) or not isinstance(read.get("body"), dict) or read.get("method") != "POST":
        return "invalid_request", "A line needs 'custom_id', 'method' (POST), 'url' and 'body'."
    if not isinstance(read.get("custom_id"), str) or not read["custom_id"]:
        return "missing_required_parameter", "Missing required parameter: 'custom_id'."
    if read.get("url") != _ENDPOINT:
        return "mismatched_url", "The URL provided for this request does not match the batch endpoint."
    return Item(read["custom_id"], read["body"])


def _fault(code: str, message: str, line: int | None = None) -> JsonObject:
    return {"code": code, "message": message, "param": None, "line": line}


def _find(request: Request, state: SimulatorState) -> StoredBatch:
    check_key(request, state)
    batch = state.batches.get(request.path.split("/")[3])
    if batch is None or batch.provider != "openai":
        raise refuse(404, f"No batch found with id '{request.path.split('/')[3]}'.")
    return batch


def _now(batch: StoredBatch, state: SimulatorState) -> JsonObject:
    """Return the batch object as it stands now, its files written where it has ended."""
    state.advance(batch)
    now = time.time()
    if batch.ended(now) is not None and not batch.faults and "files" not in batch.details:
        batch.details["files"] = _write_files(batch, state)
    return _as_object(batch, now)


def _write_files(batch: StoredBatch, state: SimulatorState) -> JsonObject:
    """Return the ids of the output and error files; answers stand in them in another order than the requests."""
    answers = [_line(i.custom_id, 200, o.body) for i, o in _pairs(batch) if isinstance(o, Answered)]
    refusals = [_line(i.custom_id, o.status, o.body) for i, o in _pairs(batch) if isinstance(o, RefusedRequest)]
    refusals += [_line(i.custom_id, 0, {}) | {"response": None, "error": _unanswered(batch)} for i in batch.unanswered]
    written: JsonObject = {}
    for name, lines in (("output_file_id", answers), ("error_file_id", refusals)):
        content = b"".join(orjson.dumps(line) + b"\n" for line in reversed(lines))
        written[name] = store(state, f"{batch.id}_{name[:-8]}.jsonl", "batch_output", content).id if lines else None
    return written


def _pairs(batch: StoredBatch) -> Iterable[tuple[Item, Answered | RefusedRequest]]:
    return zip(batch.items, batch.outcomes, strict=False)


def _line(custom_id: str, status: int, body: JsonObject) -> JsonObject:
    response = {"status_code": status, "request_id": new_id("req_"), "body": body}
    return {"id": new_id("batch_req_"), "custom_id": custom_id, "response": response, "error": None}


def _unanswered(batch: StoredBatch) -> JsonObject:
    if batch.cancelled is not None:
        return {
            "code": "batch_cancelled",
            "message": "This request could not be executed before the batch was cancelled.",
        }
    return {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired.",
    }


def _status(batch: StoredBatch, now: float) -> str:
    if batch.faults:
        return "failed"
    if batch.ended(now) is None:
        share = (now - batch.begun) / batch.lasts_s
        return "validating" if share < 0.05 else "in_progress" if share < 0.95 else "finalizing"
    if batch.cancelled is not None:
        return "cancelled"
    return "expired" if batch.is_expired else "completed"


def _as_object(batch: StoredBatch, now: float) -> JsonObject:
    status, ended = _status(batch, now), batch.ended(now)
    end = int(ended) if ended is not None else None
    answered = [outcome for outcome in batch.outcomes if isinstance(outcome, Answered)]
    files = batch.details.get("files", {})
    counts = {"total": len(batch.items), "completed": len(answered), "failed": len(batch.outcomes) - len(answered)}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.details["endpoint"],
        "errors": {"object": "list", "data": batch.faults} if batch.faults else None,
        "input_file_id": batch.details["input_file_id"],
        "completion_window": "24h",
        "status": status,
        "output_file_id": files.get("output_file_id"),
        "error_file_id": files.get("error_file_id"),
        "created_at": int(batch.begun),
        "in_progress_at": None if batch.faults else int(batch.begun),
        "expires_at": int(batch.begun + batch.expires_s),
        "finalizing_at": end if status == "completed" else None,
        "completed_at": end if status == "completed" else None,
        "failed_at": int(batch.begun) if status == "failed" else None,
        "expired_at": end if status == "expired" else None,
        "cancelling_at": int(batch.cancelled) if batch.cancelled is not None else None,
        "cancelled_at": end if status == "cancelled" else None,
        "request_counts": counts if not batch.faults else {"total": 0, "completed": 0, "failed": 0},
        "usage": _usage(answered),
        "metadata": batch.details["metadata"],
    }


def _usage(answered: list[Answered]) -> JsonObject:
    asked, said = sum(a.usage.input_tokens for a in answered), sum(a.usage.output_tokens for a in answered)
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": sum(a.usage.cached for a in answered)},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + said,
    }
