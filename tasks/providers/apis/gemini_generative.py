"""Gemini through google-generativeai: its REST transport in threads, because its async one has a fixed address."""

from __future__ import annotations

import asyncio
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import requests
from pydantic import BaseModel, SecretStr
from requests.adapters import HTTPAdapter

with warnings.catch_warnings():
    # The package announces its end at every import; `GEMINI_SDK=google-genai` chooses its successor.
    warnings.filterwarnings("ignore", category=FutureWarning)
    from google.ai.generativelanguage import GenerativeServiceClient
    from google.api_core.client_options import ClientOptions
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.transport.requests import AuthorizedSession
    from google.generativeai import protos
    from google.generativeai.generative_models import GenerativeModel
    from google.generativeai.types import RequestOptions

from tasks.errors import CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import in_our_words, transport_error
from tasks.providers.apis.gemini_wire import gemini_turns, generation_limits, read_candidates
from tasks.providers.apis.replies import read_object, reply_info
from tasks.providers.apis.schemas import gemini_schema
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Question, RawAnswer


class GeminiGenerative:
    """One key's client. It does not use `genai.configure`, which is global for the process.

    Replies are read from their JSON, because the SDK's objects lack the headers and the thinking tokens.
    """

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr, concurrency: int) -> None:
        self.provider = provider
        self._account = account
        self._address = sheet_of(provider).address_for(account)
        self._client = _rest_client(self._address, key.get_secret_value(), concurrency)
        self._replies = _Replies()
        self._session = _session_of(self._client)
        self._session.hooks["response"].append(self._replies.keep)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="mailroom-gemini")

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        asked = CallTarget(self.provider, model, self._address)
        turns, unsent = gemini_turns(question, self.provider, model)
        call = asyncio.get_running_loop().run_in_executor(self._threads, self._generate, question, model, turns)
        reply = await in_our_words(asked, call, _translate, self._account.timeout)
        if reply.status_code != 200:
            raise asked.rejected(reply.status_code, reply.headers, reply.content)
        return read_candidates(asked, read_object(asked, reply), reply_info(reply.headers, unsent))

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.close()  # type: ignore[no-untyped-call]  # of google-auth

    def _generate(self, question: Question[BaseModel], model: str, turns: list[dict[str, Any]]) -> requests.Response:
        asker = GenerativeModel(model, system_instruction=question.instructions)
        asker._client = self._client  # type: ignore[assignment]  # else it takes the process-wide one
        limits = generation_limits(question, self.provider, model, self._account)
        _unknown_to_the_sdk.config = limits.pop("thinking_config", None)
        try:
            asker.generate_content(
                [protos.Content(turn) for turn in turns],
                generation_config=protos.GenerationConfig(**limits, response_schema=_schema(question.answer)),
                # Its own retries would go on for minutes, whatever the time-out.
                request_options=RequestOptions(timeout=self._account.timeout, retry=None),
            )
        except requests.RequestException:
            self._replies.take()  # cut perhaps, so it is none
            raise
        except Exception:
            # Its own types know fewer replies than are read here, and its errors fewer bodies.
            reply = self._replies.take()
            if reply is None:
                raise
            return reply
        reply = self._replies.take()
        assert reply is not None
        return reply


class _Unknown(threading.local):
    """What this thread's request says beside what the SDK has words for, as Gemini's JSON."""

    config: dict[str, Any] | None = None


_unknown_to_the_sdk = _Unknown()
_CONFIG = b'"generationConfig": {'


class _Adapter(HTTPAdapter):
    """Adds fields to a request that the SDK, which is no longer updated, does not have."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        more, body = _unknown_to_the_sdk.config, request.body
        if more and isinstance(body, bytes | str):
            level = b'"thinkingConfig": {"thinkingLevel": "%s"}, ' % more["thinking_level"].encode()
            text = body.encode() if isinstance(body, str) else body
            # Quotes in a mail's text are escaped, so these can only be the field's own.
            request.body = text.replace(_CONFIG, _CONFIG + level, 1)
            request.headers["Content-Length"] = str(len(request.body))
        return super().send(request, *args, **kwargs)


class _Replies(threading.local):
    """The reply each thread got last, as the SDK hands out neither its headers nor its body."""

    reply: requests.Response | None = None

    def keep(self, reply: requests.Response, *_: Any, **__: Any) -> None:
        self.reply = reply

    def take(self) -> requests.Response | None:
        """The reply of this thread's last request, once; null where none came."""
        reply, self.reply = self.reply, None
        return reply


def _rest_client(address: str, key: str, concurrency: int) -> GenerativeServiceClient:
    options = ClientOptions(api_endpoint=address, api_key=key)
    client = GenerativeServiceClient(transport="rest", client_options=options)
    session = _session_of(client)
    # The pool holds 10 connections by itself and reopens the others; and a 401 is sent three times, though a key
    # cannot be refreshed.
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=4, pool_maxsize=concurrency))
    session._refresh_status_codes = ()
    session.max_redirects = 0  # a mail and a key go where they were told to, not where a reply says
    return client


def _session_of(client: GenerativeServiceClient) -> AuthorizedSession:
    """The connections of a REST client, which the SDK does not expose."""
    session: AuthorizedSession = client.transport._session  # type: ignore[attr-defined]  # the REST transport's own
    return session


@lru_cache(maxsize=64)
def _schema(answer: type[BaseModel]) -> protos.Schema:
    return protos.Schema(gemini_schema(answer))


def _translate(asked: CallTarget, error: Exception) -> CallError:
    told = isinstance(error, (GoogleAPICallError, requests.TooManyRedirects))
    reply = getattr(error, "response", None) if told else None
    if reply is not None:
        return asked.rejected(reply.status_code, reply.headers, reply.content)
    return transport_error(asked, error)
