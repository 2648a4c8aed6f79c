"""OpenAI's Chat Completions API through its SDK; also used for compatible endpoints, as provider `local`."""

from __future__ import annotations

from typing import Any

import httpx2
from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient
from pydantic import BaseModel, SecretStr

from tasks.errors import CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import CONNECT_S, in_our_words, json_options, repair_turns, to_json, transport_error
from tasks.providers.apis.direct_client import DirectClient, read_urls_once
from tasks.providers.apis.json_mode import JsonMode, JsonModes, probe_body
from tasks.providers.apis.media import openai_part, sendable
from tasks.providers.apis.replies import ReplyInfo, count, few, of_any_shape, read_object, reply_info, usage_of
from tasks.providers.apis.schemas import schema_in_words, strict_schema
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import Sheet, traits_on
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.catalogue.tokens import answer_tokens
from tasks.questions import Question, RawAnswer, Usage

# The SDK wants a key; endpoints that need none ignore it.
_NO_KEY = "none"


class _OpenAIClient(DirectClient, DefaultAioHttpClient):
    """On the SDK's aiohttp transport."""


class OpenAIChat:
    """One key's client. Requests are given as bytes, and replies are taken raw and read here: the SDK's walk over every
    part of both, types in hand, would double the cost of a call."""

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr | None, _concurrency: int = 0) -> None:
        self.provider = provider
        self._account = account
        self._address = sheet_of(provider).address_for(account)
        timeout = httpx2.Timeout(account.timeout, connect=min(CONNECT_S, account.timeout))
        self._client = AsyncOpenAI(
            api_key=key.get_secret_value() if key else _NO_KEY,
            base_url=self._address,
            max_retries=0,
            timeout=timeout,
            http_client=_OpenAIClient(),
        )
        read_urls_once(self._client)
        # Whole, as the SDK would put it together anew for every call.
        self._url = str(self._client.base_url.join("chat/completions"))
        self._json_modes = JsonModes(account)
        self._options = json_options(timeout, security={"bearer_auth": True})

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        mode = self._json_modes.of(model)
        request, unsent = chat_request(question, self.provider, model, self._account, mode)
        try:
            answer = await self._send(request, model, unsent)
        except CallError as error:
            raise self._json_modes.refusal(model, mode, error) from None
        await self._json_modes.learn(model, question.answer, answer.text, lambda: self._probe(model))
        return answer

    async def _probe(self, model: str) -> str:
        answer = await self._send(probe_body(model, sheet_of(self.provider).limit_name), model, ())
        return answer.text

    async def _send(self, request: dict[str, Any], model: str, unsent: tuple[str, ...]) -> RawAnswer:
        asked = CallTarget(self.provider, model, self._address)
        call = self._client.post(self._url, cast_to=httpx2.Response, content=to_json(request), options=self._options)
        reply = await in_our_words(asked, call, _translate, self._account.timeout)
        return read_chat(asked, read_object(asked, reply), reply_info(reply.headers, unsent))

    async def close(self) -> None:
        await self._client.close()


def chat_request(
    question: Question[BaseModel], provider: str, model: str, account: ProviderAccount, mode: JsonMode = "json_schema"
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a request, and the names of the media parts that `model` does not accept."""
    sheet = sheet_of(provider)
    takes = traits_on(sheet, model)
    media, unsent = sendable(question.media, provider, model)
    instructions, answer_format = _format(question, sheet, mode)
    text: object = [{"type": "text", "text": question.text}, *map(openai_part, media)] if media else question.text
    body = {
        "model": model,
        "messages": [
            {"role": "system", "content": instructions},
            {"role": "user", "content": text},
            *repair_turns(question),
        ],
        "response_format": answer_format,
        sheet.limit_name: answer_tokens(question, account, takes),
    }
    if takes.effort:
        body["reasoning_effort"] = takes.effort
    if takes.temperature and account.temperature is not None:
        body["temperature"] = account.temperature
    return body, unsent


def _format(question: Question[BaseModel], sheet: Sheet, mode: JsonMode) -> tuple[str, dict[str, Any]]:
    """The instructions, and the `response_format` with the answer's schema."""
    schema = strict_schema(question.answer, sheet.dialect)
    instructions = question.instructions
    if sheet.schema_in_words:
        instructions = f"{instructions}\n{schema_in_words(question.answer, sheet.dialect)}"
    if mode == "json_object":
        return instructions, {"type": "json_object"}
    named = {"name": question.answer.__name__, "strict": True, "schema": schema}
    return instructions, {"type": "json_schema", "json_schema": named}


def _usage_in(body: dict[str, Any]) -> Usage | None:
    """The usage in a reply; null where there is none that can be read."""
    given = body.get("usage")
    if not isinstance(given, dict):
        return None
    asked, answered = _dict(given.get("prompt_tokens_details")), _dict(given.get("completion_tokens_details"))
    return usage_of(
        count(given.get("prompt_tokens")),
        count(given.get("completion_tokens")),
        cache_read_tokens=few(asked.get("cached_tokens")),
        cache_write_tokens=few(asked.get("cache_write_tokens")),
        reasoning_tokens=few(answered.get("reasoning_tokens")),
    )


@of_any_shape(_usage_in)
def read_chat(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
    """The answer in a `chat.completion` object.

    Raises:
        CallError: It has no usable answer. The error has the usage, because the call was billed.
    """
    choice, usage = body["choices"][0], _usage_in(body)
    if choice.get("error"):
        raise asked.error_in(choice, {}, usage)
    message = choice["message"]
    if message.get("refusal"):
        raise asked.billed("refusal", usage, message["refusal"], told.request_id)
    return told.answer(asked, _text(message), usage, body.get("model"), choice.get("finish_reason"))


def _text(message: dict[str, Any]) -> str:
    """The text of a message: a string, a list of parts, or the arguments of its only function call."""
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part.get("type") in ("text", "output_text"))
    if not content and message.get("tool_calls"):
        (call,) = message["tool_calls"][:1]
        content = call["function"]["arguments"]
    return content if isinstance(content, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _translate(asked: CallTarget, error: Exception) -> CallError:
    if isinstance(error, APIStatusError):
        return asked.rejected(error.status_code, error.response.headers, error.response.content)
    return transport_error(asked, error)
