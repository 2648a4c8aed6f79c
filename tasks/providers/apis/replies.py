"""What all replies with status 200 have: a JSON object, and headers about the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from pydantic_core import from_json

from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.endings import ending_fault, is_odd
from tasks.providers.apis.error_bodies import request_id_of
from tasks.questions import RateLimits, RawAnswer, Usage

_LONGEST_NAME = 128
# Requests and tokens per minute. Anthropic's token limit is for input and output together.
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
    """What is known of an answer besides its text."""

    request_id: str | None = None
    simulated: bool = False
    unsent: tuple[str, ...] = ()
    limits: RateLimits | None = None

    def answer(self, asked: CallTarget, text: str, usage: Usage | None, model: object, ending: object) -> RawAnswer:
        """The answer. `model` is the one that the reply names.

        Raises:
            CallError: The answer was cut or filtered, or there is none. The call was billed.
        """
        fault = ending_fault(ending) or (None if text.strip() else "empty")
        if fault:
            raise asked.billed(fault, usage, text, self.request_id)
        return RawAnswer(
            text=text,
            usage=usage,
            model=model if isinstance(model, str) and 0 < len(model) <= _LONGEST_NAME else asked.model,
            request_id=self.request_id,
            simulated=self.simulated,
            unsent=self.unsent,
            limits=self.limits,
            odd_ending=is_odd(ending),
        )


def reply_info(headers: Mapping[str, str], unsent: tuple[str, ...]) -> ReplyInfo:
    """What the headers say about an answer. Their names must be lower case, or be matched regardless of case."""
    return ReplyInfo(
        request_id=request_id_of(headers),
        simulated=headers.get("x-mailroom-simulated") == "1",
        unsent=unsent,
        limits=_limits(headers),
    )


Read = Callable[[CallTarget, dict[str, Any], ReplyInfo], RawAnswer]
UsageIn = Callable[[dict[str, Any]], Usage | None]


class HttpReply(Protocol):
    """A reply of any of the HTTP clients."""

    @property
    def content(self) -> bytes | str: ...

    @property
    def headers(self) -> Mapping[str, str]: ...


def of_any_shape(usage_in: UsageIn) -> Callable[[Read], Read]:
    """For readers of replies that need not have the shape their API promises; `usage_in` finds the usage in a body.

    A reply without an answer is a bad answer where it was billed, and a fault of the server where it says no usage.
    """

    def decorate(read: Read) -> Read:
        @wraps(read)
        def guarded(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
            try:
                return read(asked, body, told)
            except (AttributeError, TypeError, LookupError):
                usage = usage_in(body)
            if usage is None:
                raise asked.error("no_choice", request_id=told.request_id)
            raise asked.billed("empty", usage, None, told.request_id)

        return guarded

    return decorate


def count(value: object) -> int | None:
    """A number of tokens in a reply, also given as 200.0 or "200"; null for anything else."""
    if isinstance(value, str) and len(value) < 20:
        with suppress(ValueError):
            value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        return None
    return int(value)


def few(value: object) -> int:
    """A number of tokens of a special kind; 0 where the reply leaves it out."""
    return count(value) or 0


def usage_of(asked: int | None, answered: int | None, **special: int) -> Usage | None:
    """The usage; null where a number is missing or impossible, so that the price is unknown and not zero."""
    if not asked or answered is None:
        return None
    return Usage(input_tokens=asked, output_tokens=answered, **special)


def read_object(asked: CallTarget, reply: HttpReply) -> dict[str, Any]:
    """The JSON object of a reply that should be an answer.

    Raises:
        CallError: It is something else: an error with status 200, whose own status counts; a proxy's page; a truncated
            answer.
    """
    body: Any = None
    with suppress(ValueError):
        body = from_json(reply.content)
    body = body[0] if isinstance(body, list) and body else body
    # Raised outside of the handler, so that the parser's error, which quotes the reply, is not its context.
    if not isinstance(body, dict):
        raise asked.error("no_answer")
    if body.get("error"):
        raise asked.error_in(body, reply.headers)
    return body


def _limits(headers: Mapping[str, str]) -> RateLimits | None:
    for names in _LIMIT_HEADERS:
        rpm, tpm, requests_left, tokens_left = (_number(headers.get(name)) for name in names)
        if rpm or tpm:
            return RateLimits(rpm=rpm or None, tpm=tpm or None, requests_left=requests_left, tokens_left=tokens_left)
    return None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
