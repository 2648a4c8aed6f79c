"""Both of Google's SDKs get answers in their own dialects, and Google's errors for what Google refuses."""

from collections.abc import Callable
from typing import Any, Literal

import google.generativeai as generativeai
import httpx
import pytest
from google import genai
from google.ai.generativelanguage import GenerativeServiceClient
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import BadRequest, NotFound
from google.genai import errors, types
from pydantic import BaseModel

from tasks.understand.answers import Triage

SALE = "Our newsletter: 30% off everything, a special offer for you. Unsubscribe here."


class Sorted(BaseModel):
    category: Literal["URGENT", "MARKETING", "OTHER"]
    language: str
    confidence: float
    words: list[str]


def old_model(url: str, key: str, name: str = "gemini-2.5-flash") -> generativeai.GenerativeModel:
    model = generativeai.GenerativeModel(name, system_instruction="Sort.")
    model._client = GenerativeServiceClient(
        transport="rest", client_options=ClientOptions(api_endpoint=url, api_key=key)
    )
    return model


def ask_old(model: generativeai.GenerativeModel, text: str, **config: Any) -> Any:
    return model.generate_content(text, generation_config=config, request_options={"timeout": 20, "retry": None})


@pytest.fixture
def client(strict: Any) -> genai.Client:
    return genai.Client(api_key="sk-accepted", http_options=types.HttpOptions(base_url=strict.url))


def test_generativeai_is_answered_in_numbers(strict: Any, triage_of: Callable[..., str]) -> None:
    reply = ask_old(
        old_model(strict.url, "sk-accepted"),
        triage_of(SALE),
        response_mime_type="application/json",
        response_schema=Sorted,
    )
    answer = Sorted.model_validate_json(reply.text)
    assert (answer.category, answer.language) == ("MARKETING", "en")
    assert reply.candidates[0].finish_reason == 1
    assert reply.usage_metadata.total_token_count > reply.usage_metadata.candidates_token_count > 0


def test_genai_is_answered_in_names(client: genai.Client, triage_of: Callable[..., str]) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Triage)
    reply = client.models.generate_content(model="gemini-2.5-flash", contents=triage_of(SALE), config=config)
    assert isinstance(reply.parsed, Triage)
    assert reply.parsed.category == "MARKETING"
    assert reply.candidates is not None
    assert reply.candidates[0].finish_reason == types.FinishReason.STOP


def test_a_plain_json_schema_is_taken_too(client: genai.Client, triage_of: Callable[..., str]) -> None:
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=Triage.model_json_schema()
    )
    reply = client.models.generate_content(model="gemini-2.5-flash", contents=triage_of(SALE), config=config)
    assert Triage.model_validate_json(reply.text or "").category == "MARKETING"


def test_a_cut_answer_says_so_in_both_dialects(strict: Any, client: genai.Client) -> None:
    old = ask_old(old_model(strict.url, "sk-accepted"), SALE, max_output_tokens=2)
    new = client.models.generate_content(
        model="gemini-2.5-flash", contents=SALE, config=types.GenerateContentConfig(max_output_tokens=2)
    )
    assert old.candidates[0].finish_reason == 2
    assert new.candidates is not None
    assert new.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS


def test_keys_are_refused_as_google_does(strict: Any) -> None:
    with pytest.raises(BadRequest, match="API key not valid") as caught:
        ask_old(old_model(strict.url, "sk-unknown"), SALE)
    assert caught.value.response.headers["x-mailroom-simulated"] == "1"
    # Kept by name: the client closes itself when nothing holds it.
    client = genai.Client(api_key="sk-unknown", http_options=types.HttpOptions(base_url=strict.url))
    with pytest.raises(errors.ClientError) as refused:
        client.models.generate_content(model="gemini-2.5-flash", contents=SALE)
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")


def test_a_key_is_taken_from_the_query_and_none_is_forbidden(strict: Any) -> None:
    url, body = f"{strict.url}/v1/models/gemini-2.5-flash:generateContent", {"contents": [{"parts": [{"text": "x"}]}]}
    assert httpx.post(url, params={"key": "sk-accepted"}, json=body).status_code == 200
    refused = httpx.post(url, json=body)
    assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_a_model_that_does_not_exist_is_not_found(strict: Any) -> None:
    with pytest.raises(NotFound, match="no-such-gemini"):
        ask_old(old_model(strict.url, "sk-accepted", "no-such-gemini"), SALE)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "contents is not specified"),
        ({"contents": [{"parts": []}]}, "parts must not be empty"),
        ({"contents": [{"parts": [{}]}]}, "'data' must be initialized"),
        ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"parts": [{"text": "x"}]}], "prompt": "x"}, 'Unknown name "prompt"'),
        ({"generationConfig": {"temperature": 3}}, "temperature"),
        ({"generationConfig": {"responseSchema": {"type": "STRING"}}}, "mime type"),
        (
            {"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT"}}},
            "should be non-empty",
        ),
        (
            {"generationConfig": {"responseMimeType": "application/json", "responseSchema": {"type": 1, "$defs": {}}}},
            'Unknown name "$defs"',
        ),
    ],
)
def test_a_body_that_google_refuses_is_refused(strict: Any, body: dict[str, Any], said: str) -> None:
    asked = {"contents": [{"parts": [{"text": "x"}]}]} | body if "generationConfig" in body else body
    url = f"{strict.url}/v1beta/models/gemini-2.5-flash:generateContent"
    reply = httpx.post(url, json=asked, headers={"x-goog-api-key": "sk-accepted"})
    assert (reply.status_code, reply.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert said in reply.json()["error"]["message"]
