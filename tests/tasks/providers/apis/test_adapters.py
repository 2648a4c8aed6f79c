"""What each SDK sends for a question, and how a good answer is read."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from tasks.errors import CallError, Misconfigured
from tasks.frames import ANALYSES
from tasks.providers.apis.adapters import make_adapter
from tasks.providers.apis.anthropic_messages import read_message
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.gemini_wire import read_candidates
from tasks.providers.apis.openai_chat import read_chat
from tasks.providers.apis.replies import ReplyInfo
from tasks.providers.catalogue.local_sheet import LocalAccount
from tasks.providers.catalogue.openai_sheet import OpenAIAccount
from tasks.questions import Media, Question, RateLimits, RawAnswer, Usage
from tasks.understand.answers import Triage, analysis_of
from tests.tasks.providers.far_side import (
    KEY,
    MAIL,
    MODELS,
    QUESTION,
    SDKS,
    TEXT,
    Adapters,
    FarSide,
    Reply,
    account,
    good,
    provider_of,
)


@pytest.mark.parametrize("sdk", SDKS)
def test_an_answer_comes_with_its_bill_and_its_number(adapters: Adapters, sdk: str) -> None:
    answer = adapters.ask(sdk, Reply(body=good(sdk), headers={"x-request-id": "req-1", "x-mailroom-simulated": "1"}))
    written = 0 if sdk.startswith("google") else 20
    usage = Usage(
        input_tokens=100,
        output_tokens=20,
        cache_read_tokens=30,
        cache_write_tokens=written,
        reasoning_tokens=5,
    )
    assert answer == RawAnswer(text=TEXT, usage=usage, model="answering-model", request_id="req-1", simulated=True)
    assert not adapters.ask(sdk, Reply(body=good(sdk))).simulated


@pytest.mark.parametrize("sdk", SDKS)
def test_the_official_sdk_sends_the_key_where_the_provider_looks_for_it(adapters: Adapters, sdk: str) -> None:
    adapters.ask(sdk, Reply(body=good(sdk)))
    headers = adapters.asked.headers
    if sdk.startswith("google"):
        assert headers["x-goog-api-key"] == KEY
        assert ("google-genai-sdk" in headers["x-goog-api-client"]) == (sdk == "google-genai")
    else:
        assert headers["authorization"] == f"Bearer {KEY}"
        assert headers["user-agent"].startswith("AsyncAnthropic" if sdk == "anthropic" else "AsyncOpenAI")


def test_openai_is_asked_strictly_and_told_how_hard_to_think(adapters: Adapters) -> None:
    adapters.ask("openai", Reply(body=good("openai")))
    assert adapters.asked.path == "/v1/chat/completions"
    body = adapters.asked.body
    assert body["messages"] == [
        {"role": "system", "content": QUESTION.instructions},
        {"role": "user", "content": QUESTION.text},
    ]
    schema = body["response_format"]["json_schema"]
    assert (schema["strict"], schema["schema"]["required"]) == (True, ["category", "owner"])
    assert (body["reasoning_effort"], body["max_completion_tokens"]) == ("low", 5_000)
    assert "temperature" not in body


def test_a_model_that_takes_a_temperature_gets_it(adapters: Adapters) -> None:
    adapters.ask("openai", Reply(body=good("openai")), model="gpt-4.1-mini")
    assert (adapters.asked.body["temperature"], adapters.asked.body["max_completion_tokens"]) == (0.7, 1_000)
    adapters.ask("openai", Reply(body=good("openai")), model="gpt-4.1-mini", temperature=None)
    assert "temperature" not in adapters.asked.body
    adapters.ask("anthropic", Reply(body=good("anthropic")), model="claude-haiku-4-5", temperature=1.5)
    assert adapters.asked.body["temperature"] == 1.0
    adapters.ask("anthropic", Reply(body=good("anthropic")))
    assert "temperature" not in adapters.asked.body


def test_anthropic_is_asked_with_the_instructions_marked_for_its_cache(adapters: Adapters) -> None:
    adapters.ask("anthropic", Reply(body=good("anthropic")))
    assert adapters.asked.path == "/v1/messages"
    body = adapters.asked.body
    marked = {"type": "text", "text": QUESTION.instructions, "cache_control": {"type": "ephemeral"}}
    assert (body["system"], body["messages"]) == ([marked], [{"role": "user", "content": MAIL}])
    assert body["output_config"]["format"]["schema"]["additionalProperties"] is False


@pytest.mark.parametrize("sdk", ["google-generativeai", "google-genai"])
def test_gemini_is_asked_for_json_in_either_dialect(adapters: Adapters, sdk: str) -> None:
    adapters.ask(sdk, Reply(body=good(sdk)))
    assert adapters.asked.path.startswith("/v1beta/models/gemini-3.8-flash:generateContent")
    body = adapters.asked.body
    assert body["systemInstruction"]["parts"] == [{"text": QUESTION.instructions}]
    config = body["generationConfig"]
    assert (config["responseMimeType"], config["maxOutputTokens"]) == ("application/json", 5_000)
    assert config["temperature"] == pytest.approx(0.7)
    if sdk == "google-genai":
        assert config["responseJsonSchema"]["properties"]["owner"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    else:
        assert config["responseSchema"]["properties"]["owner"] == {"type": 1, "nullable": True}


def test_a_local_server_needs_no_key_and_may_be_told_the_schema_in_words(adapters: Adapters) -> None:
    async def ask() -> RawAnswer:
        local = make_adapter("local", LocalAccount(base_url=f"{adapters.address}/v1", json_mode="json_object"), None)
        try:
            return await local.ask(QUESTION, "llama3.2")
        finally:
            await local.close()

    adapters.far_side.reply = Reply(body=good("local"))
    adapters.far_side.requests.clear()
    assert adapters.loop.run(ask()).text == TEXT
    assert KEY not in json.dumps(adapters.asked.headers)
    body = adapters.asked.body
    assert (body["response_format"], body["max_tokens"]) == ({"type": "json_object"}, 1_000)
    assert '"additionalProperties":false' in body["messages"][0]["content"]


@pytest.mark.parametrize("sdk", SDKS)
def test_media_are_sent_beside_the_text_and_what_is_not_sent_is_told(adapters: Adapters, sdk: str) -> None:
    image = Media(kind="image", media_type="image/png", data=b"png", name="plan.png")
    tiff = Media(kind="image", media_type="image/tiff", data=b"tiff", name="scan.tiff")
    answer = adapters.ask(sdk, Reply(body=good(sdk)), replace(QUESTION, media=(image, tiff)))
    assert answer.unsent == ("scan.tiff",)
    sent = json.dumps(adapters.asked.body)
    assert "cG5n" in sent  # png in base64
    assert "dGlmZg" not in sent
    assert MAIL in sent


@pytest.mark.parametrize(
    ("sdk", "headers"),
    [
        ("openai", {"x-ratelimit-limit-requests": "500", "x-ratelimit-limit-tokens": "200000"}),
        ("anthropic", {"anthropic-ratelimit-requests-limit": "500", "anthropic-ratelimit-tokens-limit": "200000"}),
    ],
)
def test_the_providers_own_limits_are_passed_on(adapters: Adapters, sdk: str, headers: dict[str, str]) -> None:
    assert adapters.ask(sdk, Reply(body=good(sdk), headers=headers)).limits == RateLimits(rpm=500, tpm=200_000)
    assert adapters.ask(sdk, Reply(body=good(sdk), headers=dict.fromkeys(headers, "many"))).limits is None


@pytest.mark.parametrize("sdk", SDKS)
def test_each_adapter_keeps_to_its_own_key(sdk: str) -> None:
    """google-generativeai would use the key that was configured last for all of the process."""

    async def ask() -> list[str]:
        far_side = FarSide()
        far_side.reply = Reply(body=good(sdk))
        await far_side.start()
        settings = account(sdk, f"http://127.0.0.1:{far_side.port}")
        made = [make_adapter(provider_of(sdk), settings, SecretStr(f"key-{n}")) for n in range(3)]
        await asyncio.gather(*(adapter.ask(QUESTION, MODELS[sdk]) for adapter in made for _ in range(4)))
        await asyncio.gather(*(adapter.close() for adapter in made))
        await far_side.stop()
        return [
            request.headers.get("x-goog-api-key") or request.headers["authorization"] for request in far_side.requests
        ]

    sent = asyncio.run(ask())
    assert sorted(key.removeprefix("Bearer ") for key in sent) == sorted(f"key-{n}" for n in range(3) for _ in range(4))


def test_there_is_no_adapter_without_a_key_or_for_a_stranger() -> None:
    with pytest.raises(Misconfigured, match="needs an API key"):
        make_adapter("openai", OpenAIAccount(), None)
    with pytest.raises(Misconfigured, match="no provider `acme`"):
        make_adapter("acme", OpenAIAccount(), SecretStr("k"))


WORDS = (
    "choices message content refusal finish_reason usage prompt_tokens prompt_tokens_details type text stop_reason"
    " candidates parts finishReason promptFeedback blockReason usageMetadata promptTokenCount model responseId"
).split()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6),
    max_leaves=12,
)


@pytest.mark.parametrize("read", [read_chat, read_message, read_candidates])
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.dictionaries(st.sampled_from(WORDS), JSON, max_size=8))
def test_a_reply_of_any_shape_is_an_answer_or_one_of_our_errors(read: Any, body: dict[str, Any]) -> None:
    try:
        answer = read(CallTarget("openai", "m"), body, ReplyInfo())
    except CallError:
        return
    assert answer.text.strip()


@pytest.mark.parametrize("sdk", ["openai", "anthropic", "google-generativeai", "google-genai"])
@pytest.mark.parametrize("answer", [Triage, analysis_of(frozenset(ANALYSES))])
def test_the_simulator_takes_every_dialect_and_its_answers_fit(simulator: Any, sdk: str, answer: Any) -> None:
    mail = "[mail 0011]\nFrom: ana@example.org\nSubject: Payments fail\n\nPlease fix the gateway today.\n[/mail 0011]"
    question = Question(name="q", version="1", instructions="Read the mail.", text=mail, answer=answer)

    async def ask() -> RawAnswer:
        made = make_adapter(provider_of(sdk), account(sdk, simulator.url), SecretStr("k"))
        try:
            return await made.ask(question, MODELS[sdk])
        finally:
            await made.close()

    found = asyncio.run(ask())
    answer.model_validate_json(found.text)
    assert found.simulated
    assert found.usage.output_tokens > 0
