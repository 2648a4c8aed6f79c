"""Anthropic's Messages API through its SDK."""

from __future__ import annotations

from typing import Any

import httpx2
from anthropic import APIStatusError, AsyncAnthropic, DefaultAioHttpClient
from pydantic import BaseModel, SecretStr

from tasks.errors import CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import CONNECT_S, in_our_words, json_options, repair_turns, to_json, transport_error
from tasks.providers.apis.direct_client import DirectClient, read_urls_once
from tasks.providers.apis.media import anthropic_block, sendable
from tasks.providers.apis.replies import ReplyInfo, count, few, of_any_shape, read_object, reply_info, usage_of
from tasks.providers.apis.schemas import strict_schema
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.catalogue.tokens import answer_tokens
from tasks.questions import Question, RawAnswer, Usage


class _AnthropicClient(DirectClient, DefaultAioHttpClient):
    """On the SDK's aiohttp transport."""


class AnthropicMessages:
    """One key's client. Requests are given as bytes and replies taken raw, for the reason told in `openai_chat`; it is
    also the one way to give a temperature, which the SDK's signature has no more and older models still take."""

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr, _concurrency: int = 0) -> None:
        self.provider = provider
        self._account = account
        self._address = sheet_of(provider).address_for(account)
        timeout = httpx2.Timeout(account.timeout, connect=min(CONNECT_S, account.timeout))
        self._client = AsyncAnthropic(
            api_key=key.get_secret_value(),
            base_url=self._address,
            max_retries=0,
            # Said in so many words: without it the SDK refuses large `max_tokens`.
            timeout=timeout,
            http_client=_AnthropicClient(),
        )
        read_urls_once(self._client)
        # Whole, as the SDK would put it together anew for every call.
        self._url = str(self._client.base_url.join("v1/messages"))
        self._options = json_options(timeout)

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        asked = CallTarget(self.provider, model, self._address)
        request, unsent = messages_request(question, self.provider, model, self._account)
        call = self._client.post(self._url, cast_to=httpx2.Response, content=to_json(request), options=self._options)
        reply = await in_our_words(asked, call, _translate, self._account.timeout)
        return read_message(asked, read_object(asked, reply), reply_info(reply.headers, unsent))

    async def close(self) -> None:
        await self._client.close()


def messages_request(
    question: Question[BaseModel], provider: str, model: str, account: ProviderAccount
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a request, and the names of the media parts that `model` does not accept."""
    takes = traits(provider, model)
    media, unsent = sendable(question.media, provider, model)
    text: Any = question.text
    if media:
        text = [*map(anthropic_block, media), {"type": "text", "text": text}]
    system = {"type": "text", "text": question.instructions, "cache_control": {"type": "ephemeral"}}
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": answer_tokens(question, account, takes),
        "system": [system],
        "messages": [{"role": "user", "content": text}, *repair_turns(question)],
        "output_config": {
            "format": {"type": "json_schema", "schema": strict_schema(question.answer, sheet_of(provider).dialect)}
        },
    }
    if takes.effort:
        body["output_config"]["effort"] = takes.effort
    if takes.temperature and account.temperature is not None:
        body["temperature"] = min(account.temperature, 1.0)  # Anthropic's scale ends at 1
    return body, unsent


def _usage_in(body: dict[str, Any]) -> Usage | None:
    """The usage in a reply; null where there is none that can be read.

    Anthropic does not include cached tokens in its input tokens; `Usage` does.
    """
    given = body.get("usage")
    if not isinstance(given, dict):
        return None
    written, read = few(given.get("cache_creation_input_tokens")), few(given.get("cache_read_input_tokens"))
    asked, details = count(given.get("input_tokens")), given.get("output_tokens_details")
    return usage_of(
        None if asked is None else asked + written + read,
        count(given.get("output_tokens")),
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=few(details.get("thinking_tokens")) if isinstance(details, dict) else 0,
    )


@of_any_shape(_usage_in)
def read_message(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
    """The answer in a `message` object.

    Raises:
        CallError: It has no usable answer. The error has the usage, because the call was billed.
    """
    blocks = body["content"]
    text = blocks if isinstance(blocks, str) else "".join(map(_words, blocks))
    return told.answer(asked, text, _usage_in(body), body.get("model"), body.get("stop_reason"))


def _words(block: dict[str, Any]) -> str:
    """The text of a block, or the input of the tool that represents the answer."""
    if block["type"] == "tool_use":
        return to_json(block["input"]).decode()
    return str(block["text"]) if block["type"] == "text" else ""


def _translate(asked: CallTarget, error: Exception) -> CallError:
    if isinstance(error, APIStatusError):
        return asked.rejected(error.status_code, error.response.headers, error.response.content)
    return transport_error(asked, error)
