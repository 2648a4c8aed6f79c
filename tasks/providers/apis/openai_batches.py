"""OpenAI's Batch API: a file of requests is uploaded, files with answers and errors are downloaded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Sequence, Set
from contextlib import suppress
from typing import Any, Final, TypeVar

import httpx2
from openai import APIStatusError, AsyncOpenAI, DefaultAioHttpClient
from pydantic import SecretStr

from tasks.errors import CallError, Permanent
from tasks.providers.apis.batch_api import Result, Standing, result_of
from tasks.providers.apis.batch_replies import TRANSFER_S, readable_lines, said_of_batch
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import CONNECT_S, transport_error
from tasks.providers.apis.openai_chat import chat_request, read_chat
from tasks.providers.apis.replies import ReplyInfo
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Question

T = TypeVar("T")

_URL: Final = "/v1/chat/completions"
_OURS = "mailroom_batch"
"""Key of the metadata by which a batch of ours is known."""
_SKEW_S = 300.0
"""Clocks differ; a batch may seem older than our intent to send it."""


class OpenAIBatches:
    """`tasks.providers.apis.batch_api.BatchApi`. Limits: platform.openai.com/docs/guides/batch, kept with some room."""

    most_items = 50_000
    most_bytes = 150_000_000

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr) -> None:
        self.provider = provider
        self._address = sheet_of(provider).address_for(account)
        self._client = AsyncOpenAI(
            api_key=key.get_secret_value(),
            base_url=self._address,
            max_retries=0,
            timeout=httpx2.Timeout(TRANSFER_S, connect=CONNECT_S),
            http_client=DefaultAioHttpClient(),
        )

    @staticmethod
    def request(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
        return chat_request(question, provider, model, account)[0]

    async def upload(self, batch_id: str, requests: Sequence[tuple[str, str]]) -> str:
        lines = "\n".join(_line(key, body) for key, body in requests)
        file = (f"mailroom-{batch_id}.jsonl", lines.encode())
        return (await self._said(self._client.files.create(file=file, purpose="batch"), "id")).id

    async def submit(self, batch_id: str, file_id: str | None, requests: Sequence[tuple[str, str]]) -> str:
        assert file_id is not None
        created = self._client.batches.create(
            input_file_id=file_id, endpoint=_URL, completion_window="24h", metadata={_OURS: batch_id}
        )
        return (await self._said(created, "id")).id

    async def find(self, batch_id: str, *, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        return await self._said(self._look_for(batch_id, since - _SKEW_S))

    async def _look_for(self, batch_id: str, since: float) -> str | None:
        async for batch in self._client.batches.list(limit=100):
            if (batch.metadata or {}).get(_OURS) == batch_id:
                return batch.id
            if batch.created_at < since:
                return None
        return None

    async def standing(self, remote_id: str) -> Standing:
        batch = await self._said(self._client.batches.retrieve(remote_id), "status")
        if batch.status == "failed":
            codes = sorted({str(error.code) for error in (batch.errors.data or [] if batch.errors else [])})
            return Standing(ended=True, failed=", ".join(codes) or "no reason given")
        return Standing(ended=batch.status in ("completed", "expired", "cancelled"))

    async def results(self, remote_id: str, model: str) -> AsyncIterator[Result]:
        batch = await self._said(self._client.batches.retrieve(remote_id), "output_file_id")
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id:
                reply = await self._said(self._client.files.content(file_id))
                simulated = reply.response.headers.get("x-mailroom-simulated") == "1"
                for line in readable_lines(reply.content):
                    yield _read_line(line, CallTarget(self.provider, model), simulated)

    async def forget(self, remote_id: str, file_id: str | None) -> None:
        try:
            batch = await self._said(self._client.batches.retrieve(remote_id), "output_file_id")
        except Permanent:
            return  # it is gone, and its files with it
        for left in (file_id, batch.output_file_id, batch.error_file_id):
            if left:
                with suppress(Permanent):
                    await self._said(self._client.files.delete(left))

    async def close(self) -> None:
        await self._client.close()

    async def _said(self, call: Awaitable[T], sign: str = "") -> T:
        return await said_of_batch(self.provider, call, _translate, sign)


def _line(key: str, body: str) -> str:
    return f'{{"custom_id":{json.dumps(key)},"method":"POST","url":"{_URL}","body":{body}}}'


def _read_line(line: dict[str, Any], asked: CallTarget, simulated: bool) -> Result:
    key, reply = str(line.get("custom_id")), line.get("response")
    if not isinstance(reply, dict):
        return Result(key=key)  # it expired or was cancelled
    body = reply.get("body")
    try:
        if reply.get("status_code") != 200:
            raise asked.rejected(_status(reply), {}, json.dumps(body).encode())
        told = ReplyInfo(request_id=reply.get("request_id"), simulated=simulated)
        return Result(key=key, answer=read_chat(asked, body if isinstance(body, dict) else {}, told))
    except CallError as error:
        return result_of(key, error)


def _status(reply: dict[str, Any]) -> int:
    status = reply.get("status_code")
    return status if isinstance(status, int) else 0


def _translate(asked: CallTarget, error: Exception) -> CallError:
    if isinstance(error, APIStatusError):
        return asked.rejected(error.status_code, error.response.headers, error.response.content)
    return transport_error(asked, error)
