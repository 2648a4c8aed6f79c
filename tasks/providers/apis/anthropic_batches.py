"""Anthropic's Message Batches: requests are sent in one body, results are read as lines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Sequence, Set
from contextlib import suppress
from typing import Any, TypeVar

import httpx2
from anthropic import APIStatusError, AsyncAnthropic, DefaultAioHttpClient
from anthropic.types.messages import MessageBatch
from pydantic import SecretStr

from tasks.errors import CallError, Permanent
from tasks.providers.apis.anthropic_messages import messages_request, read_message
from tasks.providers.apis.batch_api import Result, Standing, result_of
from tasks.providers.apis.batch_replies import TRANSFER_S, BatchTarget, readable_lines, said_of_batch
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import CONNECT_S, transport_error
from tasks.providers.apis.replies import ReplyInfo
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Question

T = TypeVar("T")

_SKEW_S = 300.0
# Errors of requests in a batch, as the status of a single call. Other errors are caused by the request itself.
_STATUS = {"rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529}


class AnthropicBatches:
    """`tasks.providers.apis.batch_api.BatchApi`. Limits: docs.claude.com on batch processing, kept with some room.

    Anthropic's batches have no name, so one whose submission was interrupted is searched for by its creation time and
    its number of requests, and by their keys once its results can be read.
    """

    most_items = 100_000
    most_bytes = 200_000_000

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr) -> None:
        self.provider = provider
        self._address = sheet_of(provider).address_for(account)
        self._client = AsyncAnthropic(
            api_key=key.get_secret_value(),
            base_url=self._address,
            max_retries=0,
            timeout=httpx2.Timeout(TRANSFER_S, connect=CONNECT_S),
            http_client=DefaultAioHttpClient(),
        )

    @staticmethod
    def request(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
        return messages_request(question, provider, model, account)[0]

    async def upload(self, batch_id: str, requests: Sequence[tuple[str, str]]) -> None:
        return None

    async def submit(self, batch_id: str, file_id: str | None, requests: Sequence[tuple[str, str]]) -> str:
        items: Any = [{"custom_id": key, "params": json.loads(body)} for key, body in requests]
        return (await self._said(self._client.messages.batches.create(requests=items), "id")).id

    async def find(self, batch_id: str, *, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        return await self._said(self._look_for(since - _SKEW_S, keys, not_in))

    async def _look_for(self, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        async for batch in self._client.messages.batches.list(limit=100):
            if batch.created_at.timestamp() < since:
                return None
            counts = batch.request_counts
            total = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
            if total == len(keys) and batch.id not in not_in and await self._may_be(batch, keys):
                return batch.id
        return None

    async def _may_be(self, batch: MessageBatch, keys: Set[str]) -> bool:
        if batch.processing_status != "ended":
            raise BatchTarget(self.provider, "").error("not_told_apart")
        content = await self._content(batch)
        return any(str(line.get("custom_id")) in keys for line in readable_lines(content))

    async def standing(self, remote_id: str) -> Standing:
        batch = await self._said(self._client.messages.batches.retrieve(remote_id), "processing_status")
        return Standing(ended=batch.processing_status == "ended")

    async def results(self, remote_id: str, model: str) -> AsyncIterator[Result]:
        head = await self._said(self._client.messages.batches.with_raw_response.retrieve(remote_id))
        simulated = head.headers.get("x-mailroom-simulated") == "1"
        content = await self._said(self._content(await self._said(head.parse(), "results_url")))
        for line in readable_lines(content):
            yield _read_entry(line, CallTarget(self.provider, model), simulated)

    async def _content(self, batch: MessageBatch) -> bytes:
        """The lines of the results, unparsed; empty where there are none.

        The SDK's own reader drops all of them if one is truncated.
        """
        if not batch.results_url:
            return b""
        reply = await self._client.get(batch.results_url, cast_to=httpx2.Response)
        return await reply.aread()

    async def forget(self, remote_id: str, file_id: str | None) -> None:
        with suppress(Permanent):
            await self._said(self._client.messages.batches.delete(remote_id))

    async def close(self) -> None:
        await self._client.close()

    async def _said(self, call: Awaitable[T], sign: str = "") -> T:
        return await said_of_batch(self.provider, call, _translate, sign)


def _read_entry(entry: dict[str, Any], asked: CallTarget, simulated: bool) -> Result:
    key, result = str(entry.get("custom_id")), _object(entry.get("result"))
    try:
        if result.get("type") == "errored":
            body = _object(result.get("error"))
            kind = str(_object(body.get("error")).get("type"))
            raise asked.rejected(_STATUS.get(kind, 400), {}, json.dumps(body).encode())
        if result.get("type") != "succeeded":
            return Result(key=key)  # it expired or was cancelled
        return Result(
            key=key, answer=read_message(asked, _object(result.get("message")), ReplyInfo(simulated=simulated))
        )
    except CallError as error:
        return result_of(key, error)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _translate(asked: CallTarget, error: Exception) -> CallError:
    if isinstance(error, APIStatusError):
        return asked.rejected(error.status_code, error.response.headers, error.response.content)
    return transport_error(asked, error)
