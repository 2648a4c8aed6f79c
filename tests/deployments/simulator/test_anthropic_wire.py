"""The official SDK gets Anthropic's answers, and Anthropic's errors for what Anthropic refuses."""

from collections.abc import Callable
from typing import Any

import anthropic
import httpx
import pytest

from tasks.understand.answers import Triage

ASKED = "Our server is down, this is urgent. Please call me immediately."
SCHEMA = {"type": "object", "properties": {"category": {"type": "string"}}, "additionalProperties": False}


@pytest.fixture
def client(strict: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(api_key="sk-accepted", base_url=strict.url, max_retries=0)


def ask(client: anthropic.Anthropic, **changed: Any) -> Any:
    question = {"model": "claude-haiku-4-5", "max_tokens": 500, "messages": [{"role": "user", "content": ASKED}]}
    return client.messages.create(**(question | changed))


def output(**changed: Any) -> dict[str, Any]:
    return {"format": {"type": "json_schema", "schema": SCHEMA | changed}}


def test_parse_gets_the_answer_the_schema_wants(client: anthropic.Anthropic, triage_of: Callable[..., str]) -> None:
    messages: Any = [{"role": "user", "content": triage_of(ASKED)}]
    reply = client.messages.parse(model="claude-haiku-4-5", max_tokens=500, messages=messages, output_format=Triage)
    assert reply.parsed_output is not None
    assert reply.parsed_output.category == "URGENT"
    assert reply.stop_reason == "end_turn"
    assert reply._request_id


@pytest.mark.parametrize("header", ["x-api-key", "authorization"])
def test_a_key_is_taken_from_either_header(strict: Any, header: str) -> None:
    value = {"x-api-key": "sk-accepted", "authorization": "Bearer sk-accepted"}[header]
    body = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    headers = {header: value, "anthropic-version": "2023-06-01"}
    assert httpx.post(f"{strict.url}/v1/messages", json=body, headers=headers).status_code == 200


def test_a_key_that_is_not_accepted_is_refused(strict: Any) -> None:
    with pytest.raises(anthropic.AuthenticationError) as caught:
        ask(anthropic.Anthropic(api_key="sk-unknown", base_url=strict.url, max_retries=0))
    assert caught.value.type == "authentication_error"
    assert caught.value.body["request_id"] == caught.value.request_id


def test_a_request_without_a_version_is_refused(strict: Any) -> None:
    reply = httpx.post(f"{strict.url}/v1/messages", json={}, headers={"x-api-key": "sk-accepted"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    assert "anthropic-version" in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "first message"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": " "}]}, "non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "source"),
        ({"messages": [{"role": "user", "content": [{"type": "audio", "source": {}}]}]}, "audio"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"extra_body": {"temperature": 2}}, "temperature"),
        ({"extra_body": {"response_format": {}}}, "response_format"),
        ({"output_config": output(additionalProperties=True)}, "additionalProperties"),
        ({"output_config": output(properties={"n": {"type": "integer", "minimum": 1}})}, "minimum"),
        ({"output_config": output(properties={"l": {"type": "array", "minItems": 3}})}, "minItems"),
    ],
)
def test_a_body_that_anthropic_refuses_is_refused(
    client: anthropic.Anthropic, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError) as caught:
        ask(client, **changed)
    assert said in str(caught.value)


def test_a_model_that_does_not_exist_is_not_found(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        ask(client, model="no-such-claude")
    assert caught.value.type == "not_found_error"


def test_an_answer_is_cut_at_the_tokens_allowed(client: anthropic.Anthropic) -> None:
    assert ask(client, max_tokens=2, output_config=output()).stop_reason == "max_tokens"


def test_a_marked_prefix_is_written_once_and_read_after(client: anthropic.Anthropic) -> None:
    system = [{"type": "text", "text": "Rules of ours. " * 500, "cache_control": {"type": "ephemeral"}}]
    usages = [ask(client, model="claude-cache", system=system).usage for _ in range(2)]
    assert [usage.cache_creation_input_tokens > 1024 for usage in usages] == [True, False]
    assert [usage.cache_read_input_tokens > 1024 for usage in usages] == [False, True]
    assert usages[0].input_tokens == usages[1].input_tokens < 100


def test_counted_tokens_are_those_that_are_billed(client: anthropic.Anthropic) -> None:
    messages: Any = [{"role": "user", "content": ASKED}]
    counted = client.messages.count_tokens(model="claude-haiku-4-5", messages=messages, system="Rules.").input_tokens
    assert counted == ask(client, system="Rules.").usage.input_tokens
