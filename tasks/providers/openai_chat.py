"""OpenAI's Chat Completions through its SDK; also any endpoint that speaks it, as provider `local`."""

from __future__ import annotations

from typing import Any

import httpx2
from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient
from pydantic import SecretStr

from tasks.errors import CallError
from tasks.providers.accounts import ProviderAccount
from tasks.providers.faults import (
    Asked,
    is_simulated,
    read_object,
    request_id_of,
    told_in_our_words,
    transport_error,
)
from tasks.providers.limits import CONNECT_S, answer_tokens
from tasks.providers.media import openai_part, sendable
from tasks.providers.models import traits
from tasks.providers.schemas import strict_schema
from tasks.questions import Question, RawAnswer, Usage

_ADDRESS = "https://api.openai.com/v1"
# The SDK wants a key; endpoints that need none ignore it.
_NO_KEY = "none"


class OpenAIChat:
    """One key's client. Replies are taken raw and read here: building the SDK's objects costs a third of a call."""

    def __init__(self, account: ProviderAccount, key: SecretStr | None, *, provider: str = "openai") -> None:
        self.provider = provider
        self._account = account
        self._client = AsyncOpenAI(
            api_key=key.get_secret_value() if key else _NO_KEY,
            base_url=account.base_url or _ADDRESS,
            max_retries=0,
            timeout=httpx2.Timeout(account.timeout, connect=min(CONNECT_S, account.timeout)),
            http_client=DefaultAioHttpClient(),
        )
        self._create = self._client.chat.completions.with_raw_response.create

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        asked = Asked(self.provider, model)
        request, unsent = chat_request(question, self.provider, model, self._account)
        reply = await told_in_our_words(asked, self._create(**request), _translate, self._account.timeout)
        return read_chat(
            asked,
            read_object(asked, reply.content),
            request_id=request_id_of(reply.headers),
            simulated=is_simulated(reply.headers),
            unsent=unsent,
        )

    async def close(self) -> None:
        await self._client.close()


def chat_request(
    question: Question[Any], provider: str, model: str, account: ProviderAccount
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a request, and the names of the media parts that `model` does not take."""
    takes = traits(provider, model)
    media, unsent = sendable(question.media, provider, model)
    text: Any = question.text
    if media:
        text = [{"type": "text", "text": text}, *map(openai_part, media)]
    schema = {"name": question.answer.__name__, "strict": True, "schema": strict_schema(question.answer, "openai")}
    body = {
        "model": model,
        "messages": [{"role": "system", "content": question.instructions}, {"role": "user", "content": text}],
        "response_format": {"type": "json_schema", "json_schema": schema},
        # Servers of the older API know `max_tokens` alone.
        "max_tokens" if provider == "local" else "max_completion_tokens": answer_tokens(question, account, takes),
    }
    if takes.effort:
        body["reasoning_effort"] = "low"
    if takes.temperature and account.temperature is not None:
        body["temperature"] = account.temperature
    return body, unsent


def read_chat(
    asked: Asked, body: dict[str, Any], *, request_id: str | None, simulated: bool = False, unsent: tuple[str, ...] = ()
) -> RawAnswer:
    """The answer in a `chat.completion` object.

    Raises:
        CallError: It holds no answer that could be used; with the usage, since it was billed.
    """
    usage = _usage(body.get("usage") or {})
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise asked.error("no_choice", request_id=request_id)
    text, ending = message.get("content") or "", choice.get("finish_reason")
    fault = _fault(message, ending, text)
    if fault:
        raise asked.unusable(*fault, usage, text or None, request_id)
    return RawAnswer(
        text=text,
        usage=usage,
        model=body.get("model") or asked.model,
        request_id=request_id,
        simulated=simulated,
        unsent=unsent,
    )


def _fault(message: dict[str, Any], ending: Any, text: str) -> tuple[str, str] | None:
    if message.get("refusal"):
        return "refusal", ""
    if ending == "content_filter":
        return "refusal", "content_filter"
    if ending == "length":
        return "cut", ""
    if ending not in ("stop", None):
        return "odd_ending", str(ending)[:40]
    return None if text.strip() else ("empty", "")


def _usage(given: dict[str, Any]) -> Usage:
    asked, answered = given.get("prompt_tokens_details") or {}, given.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=given.get("prompt_tokens") or 0,
        output_tokens=given.get("completion_tokens") or 0,
        cache_read_tokens=asked.get("cached_tokens") or 0,
        reasoning_tokens=answered.get("reasoning_tokens") or 0,
    )


def _translate(asked: Asked, error: Exception) -> CallError:
    if isinstance(error, APIStatusError):
        return asked.reply_error(error.status_code, error.response.headers, error.response.content)
    return transport_error(asked, error)
