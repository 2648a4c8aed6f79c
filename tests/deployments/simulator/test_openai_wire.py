"""The official SDK gets OpenAI's answers, and OpenAI's errors for what OpenAI refuses."""

from collections.abc import Callable
from typing import Any

import openai
import pytest

from tasks.understand.answers import Triage, analysis_of

MEETING = "Could we have a meeting on Thursday? Please send the agenda by Wednesday."
SCHEMA = {
    "type": "object",
    "properties": {"category": {"type": "string"}},
    "required": ["category"],
    "additionalProperties": False,
}


@pytest.fixture
def client(strict: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key="sk-accepted", base_url=f"{strict.url}/v1", max_retries=0)


def ask(client: openai.OpenAI, **changed: Any) -> Any:
    question = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": MEETING}]}
    return client.chat.completions.create(**(question | changed))


def json_schema(**changed: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA | changed}}


def test_parse_gets_the_answer_the_schema_wants(client: openai.OpenAI, triage_of: Callable[..., str]) -> None:
    messages: Any = [{"role": "system", "content": "Sort."}, {"role": "user", "content": triage_of(MEETING)}]
    completion = client.chat.completions.parse(model="gpt-5-mini", messages=messages, response_format=Triage)
    answer = completion.choices[0].message.parsed
    assert answer is not None
    assert (answer.category, answer.language, answer.needs_reply) == ("MEETING", "en", True)
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0
    assert completion._request_id


def test_every_answer_and_refusal_is_marked(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}]
    )
    assert raw.headers["x-mailroom-simulated"] == "1"
    assert int(raw.headers["x-ratelimit-limit-requests"]) > 100_000
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, model="no-such-model")
    assert caught.value.response.headers["x-mailroom-simulated"] == "1"
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("key", ["sk-unknown", "   x"])
def test_a_key_that_is_not_accepted_is_refused(strict: Any, key: str) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(openai.OpenAI(api_key=key, base_url=f"{strict.url}/v1", max_retries=0))
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "stranger", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": [{"type": "poem"}]}]}, "messages[0].content[0]"),
        ({"temperature": 3}, "temperature"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "same time"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"extra_body": {"temprature": 1}}, "temprature"),
        ({"response_format": json_schema(additionalProperties=True)}, "additionalProperties"),
        ({"response_format": json_schema(required=[])}, "Missing 'category'"),
        ({"response_format": json_schema(required=["category", "x"])}, "Extra required key 'x'"),
        ({"response_format": json_schema(allOf=[])}, "'allOf' is not permitted"),
        ({"response_format": json_schema(type="string")}, "object"),
        ({"response_format": json_schema(properties={"category": {"type": "object"}})}, "'properties', 'category'"),
    ],
)
def test_a_body_that_openai_refuses_is_refused(client: openai.OpenAI, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(openai.BadRequestError, match=r".*") as caught:
        ask(client, **changed)
    assert said in str(caught.value)


def test_an_answer_is_cut_at_the_tokens_allowed(client: openai.OpenAI) -> None:
    choice = ask(client, max_completion_tokens=3, response_format=json_schema()).choices[0]
    assert choice.finish_reason == "length"
    assert len(choice.message.content) <= 12


def test_a_repeated_long_prefix_is_read_from_the_cache(client: openai.OpenAI, triage_of: Callable[..., str]) -> None:
    system = {"role": "system", "content": "Rules that never change. " * 300}
    usages = [
        ask(client, model="gpt-cache", messages=[system, {"role": "user", "content": triage_of(f"Mail {n}.")}]).usage
        for n in range(2)
    ]
    first, second = (usage.prompt_tokens_details.cached_tokens for usage in usages)
    assert (first, second % 128) == (0, 0)
    assert second >= 1024


def test_the_same_question_gets_the_same_answer_from_every_simulator(
    strict: Any, start_simulator: Callable[..., Any], analysis_about: Callable[..., str]
) -> None:
    kind = analysis_of(frozenset({"summary", "action_items", "replies"}))
    messages: Any = [{"role": "user", "content": analysis_about(MEETING)}]
    answers = set()
    for url in (strict.url, strict.url, start_simulator().url):
        client = openai.OpenAI(api_key="sk-accepted", base_url=f"{url}/v1")
        reply = client.chat.completions.parse(model="gpt-5", messages=messages, response_format=kind)
        answers.add(reply.choices[0].message.content)
    assert len(answers) == 1


def test_media_is_counted_and_not_read(client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    text = {"type": "text", "text": MEETING}
    with_image = ask(client, messages=[{"role": "user", "content": [text, image]}]).usage.prompt_tokens
    assert with_image > ask(client).usage.prompt_tokens + 200
