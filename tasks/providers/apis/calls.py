"""One call through an SDK: its body, its time limit, and the mapping of its exceptions."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import PurePath
from typing import Any, TypeVar

import httpx2
import orjson

from tasks.errors import CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.questions import Question

T = TypeVar("T")
Translate = Callable[[CallTarget, Exception], CallError]

to_json = orjson.dumps

CONNECT_S = 5.0
"""A connection that takes longer will hardly come; the SDKs' own default."""


def json_options(timeout: httpx2.Timeout, **more: Any) -> Any:  # noqa: ANN401  # two SDKs' options
    """The options with which the SDKs of OpenAI and Anthropic send a body of bytes.

    Options that could be left out are set, too: the SDKs would copy their defaults for every call.
    """
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
    return {"headers": headers, "max_retries": 0, "timeout": timeout, **more}


def repair_turns(question: Question[Any]) -> list[dict[str, Any]]:
    """The turns that follow a bad answer, in the format of OpenAI and Anthropic."""
    repair = question.repair
    if repair is None:
        return []
    return [{"role": "assistant", "content": repair.answer}, {"role": "user", "content": repair.said}]


async def in_our_words(asked: CallTarget, call: Awaitable[T], translate: Translate, timeout_s: float) -> T:
    """The result of `call` within `timeout_s`, from now to the last byte.

    Raises:
        CallError: Anything failed. It has no cause and no context, because an SDK's error has the request, and so the
            key and the mail.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except TimeoutError:
        failure = asked.error("call_timeout", f"{timeout_s:g} s")
    except Exception as error:
        failure = translate(asked, error)
    raise failure


def transport_error(asked: CallTarget, error: Exception) -> CallError:
    """The error for an exception without a reply, of an SDK or of its HTTP client."""
    kinds = _kinds(error)
    for name, signs in _SIGNS:
        if kinds & signs:
            return asked.error(name)
    # The message is never shown, because it may quote the request. The place of the exception is shown instead.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return asked.error("not_asked", f"{type(error).__name__} at {PurePath(frame.filename).name}:{frame.lineno}")


# Class names of httpx2, aiohttp, requests and urllib3, whose errors SDKs wrap in different ways or not. The first
# matching line counts: the openai SDK also calls a refused connection a time-out, and a broken one a failed one.
_SIGNS = (
    (
        "cut_off",
        frozenset(
            "RemoteProtocolError ReadError WriteError ServerDisconnectedError ClientPayloadError ConnectionResetError"
            " BrokenPipeError ProtocolError IncompleteRead ChunkedEncodingError".split()
        ),
    ),
    ("unreachable", frozenset("ConnectError ClientConnectorError NewConnectionError ConnectionRefusedError".split())),
    ("connect_timeout", frozenset("ConnectTimeout ConnectionTimeoutError ConnectTimeoutError PoolTimeout".split())),
    ("read_timeout", frozenset("TimeoutException TimeoutError Timeout APITimeoutError".split())),
    ("unreachable", frozenset("NetworkError ConnectionError ClientConnectionError OSError APIConnectionError".split())),
    ("no_answer", frozenset("JSONDecodeError ParseError UnicodeDecodeError DecodingError HttpProcessingError".split())),
)


def _kinds(error: BaseException | None) -> set[str]:
    """The class names of the error and of its causes."""
    names: set[str] = set()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        names |= {kind.__name__ for kind in type(error).__mro__}
        error = error.__cause__ or error.__context__
    return names
