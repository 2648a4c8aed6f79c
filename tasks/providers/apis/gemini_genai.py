"""Gemini through google-genai, the successor of google-generativeai. `GEMINI_SDK=google-genai` selects it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp
from google import genai
from google.genai import types
from google.genai.errors import APIError
from pydantic import BaseModel, SecretStr
from pydantic_core import to_json

from tasks.errors import CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import in_our_words, transport_error
from tasks.providers.apis.gemini_wire import gemini_turns, generation_limits, read_candidates
from tasks.providers.apis.replies import read_object, reply_info
from tasks.providers.apis.schemas import strict_schema
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Question, RawAnswer


class GeminiGenAI:
    """One key's client, asynchronous."""

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr, _concurrency: int = 0) -> None:
        self.provider = provider
        self._account = account
        self._address = sheet_of(provider).address_for(account)
        self._session = _session()
        self._client = genai.Client(
            api_key=key.get_secret_value(),
            vertexai=False,
            http_options=types.HttpOptions(
                base_url=self._address,
                api_version="v1beta",
                timeout=int(account.timeout * 1_000),
                # One attempt; without this the SDK sleeps and asks again after a refused connection.
                retry_options=types.HttpRetryOptions(attempts=1),
                aiohttp_client=self._session,
            ),
        )

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        asked = CallTarget(self.provider, model, self._address)
        turns, unsent = gemini_turns(question, self.provider, model)
        call = self._client.aio.models.generate_content(
            model=model,
            contents=[types.Content.model_validate(turn) for turn in turns],
            config=_config(question, self.provider, model, self._account),
        )
        found = await in_our_words(asked, call, _translate, self._account.timeout)
        reply = found.sdk_http_response or types.HttpResponse()
        headers = {name.lower(): value for name, value in (reply.headers or {}).items()}
        return read_candidates(
            asked, read_object(asked, _Reply(reply.body or "", headers)), reply_info(headers, unsent)
        )

    async def close(self) -> None:
        await self._client.aio.aclose()
        self._client.close()
        await self._session.close()


@dataclass(frozen=True)
class _Reply:
    content: str
    headers: dict[str, str]


def _session() -> aiohttp.ClientSession:
    """The SDK's connections without redirects, which would send the mail and the key to another address."""
    tracing = aiohttp.TraceConfig()
    tracing.on_request_redirect.append(_refuse)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), trust_env=True, read_bufsize=2**22, trace_configs=[tracing]
    )


async def _refuse(_session: object, _context: object, told: aiohttp.TraceRequestRedirectParams) -> None:
    reply = told.response
    raise aiohttp.ClientResponseError(reply.request_info, (), status=reply.status, headers=reply.headers)


def _config(
    question: Question[BaseModel], provider: str, model: str, account: ProviderAccount
) -> types.GenerateContentConfig:
    return types.GenerateContentConfig(
        **generation_limits(question, provider, model, account),
        system_instruction=question.instructions,
        response_json_schema=strict_schema(question.answer, sheet_of(provider).dialect),
        should_return_http_response=True,  # the reply as it came: its objects would cost more and say less
    )


def _translate(asked: CallTarget, error: Exception) -> CallError:
    if isinstance(error, APIError):
        return asked.rejected(error.code, getattr(error.response, "headers", None) or {}, to_json(error.details))
    if isinstance(error, aiohttp.ClientResponseError):
        return asked.rejected(error.status, error.headers or {}, b"")
    return transport_error(asked, error)
