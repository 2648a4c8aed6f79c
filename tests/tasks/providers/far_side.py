"""The provider's side: an HTTP server on loopback that answers what a test scripts.

The adapters that ask it are here as well.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from tasks.providers.apis.adapters import make_adapter
from tasks.providers.catalogue.anthropic_sheet import AnthropicAccount
from tasks.providers.catalogue.gemini_sheet import GeminiAccount
from tasks.providers.catalogue.local_sheet import LocalAccount
from tasks.providers.catalogue.openai_sheet import OpenAIAccount
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.event_loop import ModelLoop
from tasks.questions import Adapter, Question, RawAnswer

KEY = "sk-canary-Zx81kQ"
MAIL = "The heron's password is Quetzal-77 and nobody may know"

SDKS = ("openai", "local", "anthropic", "google-generativeai", "google-genai")
MODELS = {
    "openai": "gpt-6-luna",
    "local": "llama3.2",
    "anthropic": "claude-haiku-5-5",
    "google-generativeai": "gemini-3.8-flash",
    "google-genai": "gemini-3.8-flash",
}


class Sorted(BaseModel):
    """An answer small enough to write by hand."""

    category: Literal["URGENT", "OTHER"]
    owner: str | None


QUESTION = Question(name="sort", version="1", instructions="Sort the mail.", text=MAIL, answer=Sorted)
TEXT = '{"category": "URGENT", "owner": null}'


@dataclass(frozen=True)
class Reply:
    """What the server does with a request: by default it sends a reply in one piece."""

    status: int = 200
    body: Any = b""
    """Sent as it is when it is bytes, else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)
    then: Literal["keep", "hang up first", "hang up midway", "say nothing", "dribble"] = "keep"

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: Any


class FarSide:
    """Answers each request with `reply`, or with what `reply` makes of it, and keeps what it was sent."""

    def __init__(self) -> None:
        self.reply: Reply | Callable[[Request], Reply] = Reply()
        self.requests: list[Request] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.requests.append(await _read(reader))
                reply = self.reply if isinstance(self.reply, Reply) else self.reply(self.requests[-1])
                if not await self._answer(reply, writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # it is over, from whichever side
        finally:
            writer.close()

    async def _answer(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays open."""
        if reply.then == "hang up first":
            return False
        if reply.then == "say nothing":
            await asyncio.sleep(3_600)
        head = {"content-type": "application/json", "content-length": str(len(reply.content)), **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} Scripted", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        if reply.then == "hang up midway":
            writer.write(reply.content[: len(reply.content) // 2])
            await writer.drain()
            return False
        while reply.then == "dribble":
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.write(reply.content)
        await writer.drain()
        return True


async def _read(reader: asyncio.StreamReader) -> Request:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(path=first.split()[1], headers=headers, body=json.loads(body or b"null"))


def account(sdk: str, address: str, **values: Any) -> ProviderAccount:
    """The settings that make `sdk` ask `address`."""
    kinds: dict[str, Callable[..., ProviderAccount]] = {
        "openai": OpenAIAccount,
        "local": LocalAccount,
        "anthropic": AnthropicAccount,
    }
    if sdk == "local":  # a mode that is found out may take a request of its own
        values = {"json_mode": "json_schema", **values}
    if sdk in ("openai", "local"):
        return kinds[sdk](base_url=f"{address}/v1", **values)
    return (
        kinds[sdk](base_url=address, **values) if sdk in kinds else GeminiAccount(base_url=address, sdk=sdk, **values)
    )


def provider_of(sdk: str) -> str:
    return "gemini" if sdk.startswith("google") else sdk


class Adapters:
    """One adapter an SDK, on a model loop of their own, all asking the same far side."""

    def __init__(self) -> None:
        self.loop = ModelLoop()
        self.far_side = FarSide()
        self.loop.run(self.far_side.start())
        self.loop.at_close(self.far_side.stop)
        self._made: dict[tuple[str, str], Adapter] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.far_side.port}"

    def ask(
        self, sdk: str, reply: Reply, question: Question[Any] = QUESTION, *, model: str = "", **values: Any
    ) -> RawAnswer:
        """What the adapter makes of `reply`; `values` are settings of the account."""
        self.far_side.reply = reply
        self.far_side.requests.clear()
        return self.loop.run(self._adapter(sdk, values).ask(question, model or MODELS[sdk]))

    @property
    def asked(self) -> Request:
        """The one request that came of the last question."""
        (request,) = self.far_side.requests
        return request

    def _adapter(self, sdk: str, values: dict[str, Any]) -> Adapter:
        name = (sdk, repr(values))
        if name not in self._made:
            settings = account(sdk, values.pop("address", self.address), **values)
            self._made[name] = self.loop.run(_make(sdk, settings))
            self.loop.at_close(self._made[name].close)
        return self._made[name]


async def _make(sdk: str, settings: ProviderAccount) -> Adapter:
    return make_adapter(provider_of(sdk), settings, SecretStr(KEY), concurrency=4)


def good(sdk: str, text: str = TEXT, **changed: Any) -> Any:
    """The body of an answer; `changed` are its `ending` and `usage`, if not the usual ones."""
    ending = changed.get("ending")
    if sdk in ("openai", "local"):
        message = {"role": "assistant", "content": text, "refusal": changed.get("refusal")}
        return {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "answering-model",
            "choices": [{"index": 0, "message": message, "finish_reason": ending or "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
                      "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
                      "completion_tokens_details": {"reasoning_tokens": 5}},
        }  # fmt: skip
    if sdk == "anthropic":
        return {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "answering-model",
            "content": [{"type": "thinking", "thinking": "Hm.", "signature": "s"}, {"type": "text", "text": text}],
            "stop_reason": ending or "end_turn", "stop_sequence": None,
            "usage": {"input_tokens": 50, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30,
                      "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 5}},
        }  # fmt: skip
    return {
        "candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": ending or "STOP"}],
        "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 15, "thoughtsTokenCount": 5,
                          "cachedContentTokenCount": 30, "totalTokenCount": 120},
        "modelVersion": "answering-model", "responseId": "resp-1",
    }  # fmt: skip


def complaint(sdk: str, status: int, message: str, *, code: str = "", details: list[Any] | None = None) -> Any:
    """The body of an error in the provider's shape; `code` is its type, status or reason."""
    if sdk in ("openai", "local"):
        return {"error": {"message": message, "type": code or "some_error", "param": None, "code": code or None}}
    if sdk == "anthropic":
        return {"type": "error", "error": {"type": code or "some_error", "message": message}, "request_id": "req_1"}
    return {"error": {"code": status, "message": message, "status": code or "UNKNOWN", "details": details or []}}
