"""Batches of both providers, from their making to their results, through the official SDKs."""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

ENDPOINT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def at_once(start_simulator: Callable[..., Any]) -> Any:
    return start_simulator()


@pytest.fixture(scope="module")
def endless(start_simulator: Callable[..., Any]) -> Any:
    """Its batches stay in progress."""
    return start_simulator("--batch-s", "3600")


@pytest.fixture(scope="module")
def too_slow(start_simulator: Callable[..., Any]) -> Any:
    """Its batches expire before they are done."""
    return start_simulator("--batch-s", "3600", "--batch-expires-s", "0")


def openai_of(simulator: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", base_url=f"{simulator.url}/v1", max_retries=0)


def anthropic_of(simulator: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="k", base_url=simulator.url, max_retries=0)


def lines(*models: str, **changed: Any) -> bytes:
    """One request a model, called `r0`, `r1` and so on."""
    requests = [
        {"custom_id": f"r{n}", "method": "POST", "url": ENDPOINT}
        | {"body": {"model": model, "messages": [{"role": "user", "content": f"Question {n}?"}]}}
        | changed
        for n, model in enumerate(models)
    ]
    return b"\n".join(json.dumps(request).encode() for request in requests)


def begin(client: openai.OpenAI, content: bytes) -> Any:
    file = client.files.create(file=("requests.jsonl", content), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h", metadata={"run": "seven"}
    )


def read_lines(client: openai.OpenAI, file_id: str) -> dict[str, Any]:
    read = [json.loads(line) for line in client.files.content(file_id).text.splitlines()]
    return {line["custom_id"]: line for line in read}


def test_an_openai_batch_is_validated_then_completed_with_all_answers(at_once: Any) -> None:
    client = openai_of(at_once)
    begun = begin(client, lines("gpt-batch", "gpt-batch", "gpt-batch"))
    assert (begun.status, begun.output_file_id) == ("validating", None)
    done = client.batches.retrieve(begun.id)
    assert (done.status, done.metadata) == ("completed", {"run": "seven"})
    assert (done.request_counts.total, done.request_counts.completed, done.request_counts.failed) == (3, 3, 0)
    answers = read_lines(client, done.output_file_id or "")
    assert set(answers) == {"r0", "r1", "r2"}
    usages = [line["response"]["body"]["usage"]["total_tokens"] for line in answers.values()]
    assert done.usage is not None
    assert done.usage.total_tokens == sum(usages)
    counted = at_once.stats()["providers"]["openai"]["batched_models"]["gpt-batch"]
    assert (counted["answered"], counted["input_tokens"] + counted["output_tokens"]) == (3, sum(usages))


def test_a_refused_request_stands_in_the_error_file_and_spoils_no_other(at_once: Any) -> None:
    client = openai_of(at_once)
    requests = [*lines("gpt-5-mini").splitlines(), lines("gpt-5-mini", custom_id="bad").replace(b'"user"', b'"nobody"')]
    done = client.batches.retrieve(begin(client, b"\n".join(requests)).id)
    assert done.request_counts is not None
    assert (done.status, done.request_counts.completed, done.request_counts.failed) == ("completed", 1, 1)
    refused = read_lines(client, done.error_file_id or "")["bad"]["response"]
    assert (refused["status_code"], refused["body"]["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"{not json", "invalid_json_line"),
        (lines("m", "m", custom_id="same"), "duplicate_custom_id"),
        (lines("m", url="/v1/responses"), "mismatched_url"),
        (lines("m", "n"), "mismatched_model"),
    ],
)
def test_a_file_that_is_no_batch_fails_as_a_whole(at_once: Any, content: bytes, code: str) -> None:
    client = openai_of(at_once)
    failed = client.batches.retrieve(begin(client, content).id)
    assert (failed.status, failed.output_file_id, failed.error_file_id) == ("failed", None, None)
    assert failed.errors is not None
    assert code in [error.code for error in failed.errors.data or []]


def test_a_cancelled_openai_batch_keeps_what_is_answered_and_names_the_rest(endless: Any) -> None:
    client = openai_of(endless)
    begun = begin(client, lines("m", "m"))
    assert client.batches.retrieve(begun.id).status == "validating"
    assert client.batches.cancel(begun.id).status == "cancelling"
    ended = client.batches.retrieve(begun.id)
    assert (ended.status, ended.output_file_id) == ("cancelled", None)
    left = read_lines(client, ended.error_file_id or "")
    assert [line["error"]["code"] for line in left.values()] == ["batch_cancelled", "batch_cancelled"]


def test_a_batch_that_takes_too_long_expires_with_every_request_named(too_slow: Any) -> None:
    client = openai_of(too_slow)
    expired = client.batches.retrieve(begin(client, lines("m")).id)
    assert expired.status == "expired"
    assert read_lines(client, expired.error_file_id or "")["r0"]["error"]["code"] == "batch_expired"
    results = run_anthropic(too_slow)
    assert {result.result.type for result in results.values()} == {"expired"}


def test_what_openai_refuses_of_a_batch_is_refused(at_once: Any) -> None:
    client = openai_of(at_once)
    with pytest.raises(openai.BadRequestError, match="purpose"):
        client.files.create(file=("requests.jsonl", b""), purpose="poetry")  # type: ignore[arg-type]
    with pytest.raises(openai.BadRequestError, match="jsonl"):
        client.files.create(file=("requests.txt", b""), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="Invalid file"):
        client.batches.create(input_file_id="file-unknown", endpoint=ENDPOINT, completion_window="24h")
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_unknown")
    with pytest.raises(openai.ConflictError, match="completed"):
        client.batches.cancel(begin(client, lines("m")).id)


def test_batches_are_listed_newest_first_a_page_at_a_time(start_simulator: Callable[..., Any]) -> None:
    simulator = start_simulator()
    client, other = openai_of(simulator), anthropic_of(simulator)
    made = [begin(client, lines("m")).id for _ in range(3)]
    other_made = [begin_anthropic(other).id for _ in range(3)]
    assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]
    assert [batch.id for batch in other.messages.batches.list(limit=2)] == other_made[::-1]


def test_a_deleted_file_is_gone(at_once: Any) -> None:
    client = openai_of(at_once)
    file = client.files.create(file=("requests.jsonl", b"{}"), purpose="batch")
    assert client.files.retrieve(file.id).bytes == 2
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.content(file.id)


def begin_anthropic(client: anthropic.Anthropic, **changed: Any) -> Any:
    params = {"model": "claude-batch", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello?"}]} | changed
    requests: Any = [{"custom_id": f"r{n}", "params": params} for n in range(2)]
    return client.messages.batches.create(requests=requests)


def run_anthropic(simulator: Any, **changed: Any) -> dict[str, Any]:
    client = anthropic_of(simulator)
    begun = begin_anthropic(client, **changed)
    return {result.custom_id: result for result in client.messages.batches.results(begun.id)}


def test_an_anthropic_batch_ends_with_a_result_a_request(at_once: Any) -> None:
    results = run_anthropic(at_once)
    assert set(results) == {"r0", "r1"}
    assert {result.result.type for result in results.values()} == {"succeeded"}
    counted = at_once.stats()["providers"]["anthropic"]["batched_models"]["claude-batch"]
    used = [result.result.message.usage for result in results.values()]
    assert counted["input_tokens"] == sum(usage.input_tokens for usage in used)


def test_an_errored_anthropic_request_tells_why(at_once: Any) -> None:
    results = run_anthropic(at_once, max_tokens=0)
    assert {result.result.type for result in results.values()} == {"errored"}
    assert results["r0"].result.error.error.type == "invalid_request_error"


def test_a_cancelled_anthropic_batch_ends_with_its_requests_canceled(endless: Any) -> None:
    client = anthropic_of(endless)
    begun = begin_anthropic(client)
    assert (begun.processing_status, begun.request_counts.processing, begun.results_url) == ("in_progress", 2, None)
    assert client.messages.batches.cancel(begun.id).processing_status == "canceling"
    ended = client.messages.batches.retrieve(begun.id)
    assert (ended.processing_status, ended.request_counts.canceled) == ("ended", 2)
    assert {result.result.type for result in client.messages.batches.results(begun.id)} == {"canceled"}


def test_what_anthropic_refuses_of_a_batch_is_refused(at_once: Any, endless: Any) -> None:
    client = anthropic_of(at_once)
    one: Any = {"custom_id": "same", "params": {}}
    for requests, said in (
        ([], "between 1 and"),
        ([one, one], "not unique"),
        ([one | {"custom_id": "a b"}], "pattern"),
    ):
        with pytest.raises(anthropic.BadRequestError, match=said):
            client.messages.batches.create(requests=requests)
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve("msgbatch_unknown")
    running = anthropic_of(endless)
    with pytest.raises(anthropic.BadRequestError, match="in progress"):
        running.messages.batches.delete(begin_anthropic(running).id)


def test_a_deleted_anthropic_batch_is_gone(at_once: Any) -> None:
    client = anthropic_of(at_once)
    begun = begin_anthropic(client)
    assert client.messages.batches.delete(begun.id).id == begun.id
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(begun.id)
