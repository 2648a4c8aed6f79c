"""A made-up provider's one API file: its adapter, and its batch API with the far side in this process."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence, Set
from typing import Any

import httpx
from pydantic import SecretStr

from tasks.providers.apis.batch_api import Result, Standing
from tasks.providers.apis.media import sendable
from tasks.providers.apis.schemas import strict_schema
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Question, RawAnswer, Usage

BATCHES: dict[str, list[tuple[str, str]]] = {}
ANSWERS: dict[str, dict[str, Any]] = {}
"""What Acme answers, by the title of the schema that it is sent."""


def acme_request(question: Question[Any], provider: str, model: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    media, unsent = sendable(question.media, provider, model)
    schema = strict_schema(question.answer, sheet_of(provider).dialect)
    images = [b64encode(part.data).decode() for part in media]
    body = {"model": model, "say": question.text, "images": images, "kind": question.answer.__name__, "schema": schema}
    return body, unsent


class Acme:
    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr, _concurrency: int) -> None:
        self.provider = provider
        self._url = sheet_of(provider).address_for(account)
        self._client = httpx.AsyncClient(headers={"x-key": key.get_secret_value()}, trust_env=False)

    async def ask(self, question: Question[Any], model: str) -> RawAnswer:
        body, unsent = acme_request(question, self.provider, model)
        reply = (await self._client.post(self._url, json=body)).json()
        return RawAnswer(text=reply["text"], usage=Usage(**reply["usage"]), model=model, request_id="a1", unsent=unsent)

    async def close(self) -> None:
        await self._client.aclose()


class AcmeBatches:
    most_items = 10
    most_bytes = 1_000_000

    def __init__(self, provider: str, account: ProviderAccount, key: SecretStr) -> None:
        self.provider = provider

    @staticmethod
    def request(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
        return acme_request(question, provider, model)[0]

    async def upload(self, batch_id: str, requests: Sequence[tuple[str, str]]) -> None:
        return None

    async def submit(self, batch_id: str, file_id: str | None, requests: Sequence[tuple[str, str]]) -> str:
        BATCHES[batch_id] = list(requests)
        return batch_id

    async def find(self, batch_id: str, *, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        return batch_id if batch_id in BATCHES else None

    async def standing(self, remote_id: str) -> Standing:
        return Standing(ended=True)

    async def results(self, remote_id: str, model: str) -> AsyncIterator[Result]:
        for key, body in BATCHES[remote_id]:
            text = json.dumps(ANSWERS[json.loads(body)["kind"]])
            usage = Usage(input_tokens=100, output_tokens=20)
            yield Result(key=key, answer=RawAnswer(text=text, usage=usage, model=model, request_id=None))

    async def forget(self, remote_id: str, file_id: str | None) -> None:
        BATCHES.pop(remote_id, None)

    async def close(self) -> None:
        pass
