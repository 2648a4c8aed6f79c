"""What every reply under status 200 has: a JSON object, and headers that tell of the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any

from pydantic_core import from_json

from tasks.providers.apis.error_bodies import request_id_of
from tasks.providers.apis.error_mapping import CallTarget
from tasks.questions import Limits, RawAnswer, Usage

_LONGEST_NAME = 128
# Requests and tokens a minute; Anthropic's token limit is the one of input and output together.
_LIMIT_HEADERS = (
    (
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens",
    ),
    (
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-tokens-remaining",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyInfo:
    """What is known of an answer beside its body."""

    request_id: str | None = None
    simulated: bool = False
    unsent: tuple[str, ...] = ()
    limits: Limits | None = None

    def answer(self, asked: CallTarget, text: str, usage: Usage, model: object) -> RawAnswer:
        """The answer; `model` is which one the reply says it was."""
        return RawAnswer(
            text=text,
            usage=usage,
            model=model if isinstance(model, str) and 0 < len(model) <= _LONGEST_NAME else asked.model,
            request_id=self.request_id,
            simulated=self.simulated,
            unsent=self.unsent,
            limits=self.limits,
        )


def reply_info(headers: Mapping[str, str], unsent: tuple[str, ...]) -> ReplyInfo:
    """What `headers`, whose names are lower case or matched whatever their case, tell of an answer."""
    return ReplyInfo(
        request_id=request_id_of(headers),
        simulated=headers.get("x-mailroom-simulated") == "1",
        unsent=unsent,
        limits=_limits(headers),
    )


Read = Callable[[CallTarget, dict[str, Any], ReplyInfo], RawAnswer]


def of_any_shape(read: Read) -> Read:
    """`read` for replies that need not have the shape their API promises: one that has not is a fault of the server."""

    @wraps(read)
    def guarded(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
        try:
            return read(asked, body, told)
        except (AttributeError, TypeError, LookupError):
            failure = asked.error("no_choice", request_id=told.request_id)
        raise failure

    return guarded


def count(value: object) -> int:
    """A number of tokens as a reply tells it; what is none counts as 0."""
    return value if isinstance(value, int) and value > 0 else 0


def read_object(asked: CallTarget, content: bytes | str) -> dict[str, Any]:
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
    for names in _LIMIT_HEADERS:
        rpm, tpm, requests_left, tokens_left = (_number(headers.get(name)) for name in names)
        if rpm or tpm:
            return Limits(rpm=rpm or None, tpm=tpm or None, requests_left=requests_left, tokens_left=tokens_left)
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
