"""How a server is asked for JSON: held to the answer's schema, or, where it cannot hold one, just as an object."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from tasks.errors import CallError, Misdirected, RequestRejected, SchemaRefused, ServerFault, Transient
from tasks.providers.catalogue.provider_account import ProviderAccount

log = logging.getLogger("mailroom.providers")

JsonMode = Literal["json_schema", "json_object"]
_WORD = "K7"
"""No model says this by itself: it comes of a schema that the answer is held to."""


class JsonModes:
    """Which mode a server takes, by model: as the account says or, with `auto`, as the server shows.

    It is asked for answers to a schema until it refuses such a request, or an answer breaks its schema: then one short
    question tells whether it holds to schemas at all. So a server that does is asked nothing but the mails' questions.
    Used on one event loop.
    """

    def __init__(self, account: ProviderAccount) -> None:
        self._told: str = getattr(account, "json_mode", "json_schema")
        self._found: dict[str, JsonMode] = {}
        self._lock = asyncio.Lock()

    def of(self, model: str) -> JsonMode:
        """The mode in which the model is asked now."""
        if self._told != "auto":
            return "json_object" if self._told == "json_object" else "json_schema"
        return self._found.get(model, "json_schema")

    def refusal(self, model: str, mode: JsonMode, error: CallError) -> CallError:
        """The error; where it says that schemas are not taken, the one after which the question is asked without."""
        open_to_change = self._told == "auto" and mode == "json_schema" and self._found.get(model) != mode
        if open_to_change and isinstance(error, Misdirected) and "json_object" in error.advice:
            self._settle(model, "json_object")
            return SchemaRefused(str(error), provider=error.provider, status=error.status, advice=error.advice)
        return error

    async def learn(self, model: str, kind: type[BaseModel], text: str, probe: Callable[[], Awaitable[str]]) -> None:
        """Take up an answer that was asked for; `probe` asks `probe_body` and returns the text of its answer."""
        if not self._is_open(model):
            return
        if _fits(kind, text):
            self._settle(model, "json_schema")
            return
        async with self._lock:
            if self._is_open(model):
                await self._find_out(model, probe)

    async def _find_out(self, model: str, probe: Callable[[], Awaitable[str]]) -> None:
        try:
            held = _is_held(await probe())
        except (Misdirected, RequestRejected, ServerFault):
            held = False
        except Transient:
            return  # the server is away or busy, and tells another time
        except CallError:
            held = True  # it says nothing against schemas, such as an answer of thoughts alone
        self._settle(model, "json_schema" if held else "json_object")

    def _is_open(self, model: str) -> bool:
        return self._told == "auto" and model not in self._found

    def _settle(self, model: str, mode: JsonMode) -> None:
        self._found[model] = mode
        if mode == "json_object":
            log.info("The server of model `%s` holds to no JSON schema, so JSON objects are asked for.", model)


def probe_body(model: str, limit_name: str) -> dict[str, Any]:
    """A short question whose answer shows whether a schema is held to."""
    schema = {
        "type": "object", "properties": {"said": {"type": "string", "enum": [_WORD]}}, "required": ["said"],
        "additionalProperties": False,
    }  # fmt: skip
    return {
        "model": model,
        "messages": [{"role": "user", "content": 'Say hello as a JSON object, such as {"said": "hello"}.'}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "Hello", "strict": True, "schema": schema}},
        limit_name: 50,
    }


def _is_held(text: str) -> bool:
    with suppress(ValueError):
        return bool(json.loads(text) == {"said": _WORD})
    return False


def _fits(kind: type[BaseModel], text: str) -> bool:
    try:
        kind.model_validate_json(text)
    except ValidationError:
        return False
    return True
