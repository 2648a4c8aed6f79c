"""What every reply under status 200 has: a JSON object, and headers that tell of the call."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from tasks.providers.complaints import request_id_of
from tasks.providers.faults import Asked
from tasks.questions import Limits, RawAnswer, Usage

# Requests and tokens a minute; Anthropic's token limit is the one of input and output together.
_LIMIT_HEADERS = (
    ("x-ratelimit-limit-requests", "x-ratelimit-limit-tokens"),
    ("anthropic-ratelimit-requests-limit", "anthropic-ratelimit-tokens-limit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of an answer beside its body."""

    request_id: str | None = None
    simulated: bool = False
    unsent: tuple[str, ...] = ()
    limits: Limits | None = None

    def answer(self, text: str, usage: Usage, model: str) -> RawAnswer:
        return RawAnswer(
            text=text,
            usage=usage,
            model=model,
            request_id=self.request_id,
            simulated=self.simulated,
            unsent=self.unsent,
            limits=self.limits,
        )


def told_by(headers: Mapping[str, str], unsent: tuple[str, ...]) -> Told:
    """What `headers`, whose names are lower case or matched whatever their case, tell of an answer."""
    return Told(
        request_id=request_id_of(headers),
        simulated=headers.get("x-mailroom-simulated") == "1",
        unsent=unsent,
        limits=_limits(headers),
    )


def read_object(asked: Asked, content: bytes | str) -> dict[str, Any]:
    """The JSON object of a reply that should be an answer.

    Raises:
        ServerFault: It is something else: a proxy's page, half an answer, an error under status 200.
    """
    body: Any = None
    with suppress(ValueError):
        body = from_json(content)
    # Raised out here, without the parser's error as its context, which quotes the reply.
    if not isinstance(body, dict) or body.get("error"):
        raise asked.error("no_answer")
    return body


def _limits(headers: Mapping[str, str]) -> Limits | None:
    for requests, tokens in _LIMIT_HEADERS:
        rpm, tpm = _count(headers.get(requests)), _count(headers.get(tokens))
        if rpm or tpm:
            return Limits(rpm=rpm, tpm=tpm)
    return None


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else None
