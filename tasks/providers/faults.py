"""What can go wrong with a call, in one table: how each fault is told, and which of our errors it becomes.

Rows with statuses are matched from top to bottom against a provider's reply, the first that fits counts; rows without
are named by the adapters. No error quotes the provider: its words may repeat the mail or the key. What it said is
told by its codes, and by those of our own parameters that it names.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pydantic_core import from_json

from tasks.errors import (
    BadAnswer,
    CallError,
    CutAnswer,
    KeyRejected,
    OutOfFunds,
    Overloaded,
    RateLimited,
    Refused,
    RequestRejected,
    ServerFault,
    TimedOut,
    TooLong,
    Unreachable,
)
from tasks.providers.retry_after import told_wait_s
from tasks.questions import Usage

T = TypeVar("T")

SIMULATED_HEADER = "x-mailroom-simulated"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row: `error` is raised where `statuses` and `words` fit; `said` completes "`openai` … (`model`)"."""

    name: str
    error: type[CallError]
    said: str
    statuses: frozenset[int] = frozenset()
    words: str = ""
    """Regular expression over the reply's codes and message, case aside; empty fits every reply."""


def _at(*statuses: int) -> frozenset[int]:
    return frozenset(statuses)


# The words are those of the providers' own documents: OpenAI's and Anthropic's pages on errors, Google's on
# troubleshooting; "maximum context length" and "exceed_context_size" are vLLM's and llama.cpp's.
FAULTS: tuple[Fault, ...] = (
    Fault(
        name="too_long",
        error=TooLong,
        statuses=_at(400, 413, 422, 429),
        words=r"context_length_exceeded|maximum context length|exceed_context_size|prompt is too long|request too large"
        r"|input token count.{0,40}exceeds|request_too_large|string_above_max_length|exceeds the limit",
        said="does not take a prompt that long",
    ),
    Fault(name="payload_too_big", error=TooLong, statuses=_at(413), said="does not take a request that big"),
    Fault(
        name="key_invalid",
        error=KeyRejected,
        statuses=_at(400),
        words=r"API_KEY_INVALID|API key not valid|API key expired|API_KEY_EXPIRED",
        said="rejected the API key",
    ),
    Fault(
        name="no_credit",
        error=OutOfFunds,
        statuses=_at(400, 403, 429),
        words=r"insufficient_quota|credit balance is too low|billing_hard_limit|billing_not_active|billing_error"
        r"|enable billing|BILLING_DISABLED",
        said="says that the account has no credit",
    ),
    Fault(name="payment_required", error=OutOfFunds, statuses=_at(402), said="asks for payment"),
    Fault(name="unauthorized", error=KeyRejected, statuses=_at(401), said="rejected the API key"),
    Fault(name="forbidden", error=KeyRejected, statuses=_at(403), said="does not let this API key do that"),
    Fault(name="request_timeout", error=TimedOut, statuses=_at(408), said="gave up waiting for the request"),
    # The SDKs' own retries count a conflict as passing: another request holds a lock over there.
    Fault(name="conflict", error=Overloaded, statuses=_at(409), said="reports a conflict with another request"),
    Fault(name="rate_limit", error=RateLimited, statuses=_at(429), said="allows no more requests for now"),
    Fault(name="overloaded", error=Overloaded, statuses=_at(503, 529), said="is overloaded"),
    Fault(name="not_found", error=RequestRejected, statuses=_at(404), said="knows no such model or address"),
    Fault(name="rejected", error=RequestRejected, statuses=frozenset(range(300, 500)), said="rejected the request"),
    Fault(name="server_error", error=ServerFault, statuses=frozenset(range(500, 600)), said="failed"),
    # Nothing came back, or nothing that could be read.
    Fault(name="connect_timeout", error=TimedOut, said="could not be reached in time"),
    Fault(name="read_timeout", error=TimedOut, said="did not go on answering in time"),
    Fault(name="call_timeout", error=TimedOut, said="did not finish answering in time"),
    Fault(name="refused_connection", error=Unreachable, said="could not be reached"),
    Fault(name="cut_connection", error=Unreachable, said="broke the connection off"),
    Fault(name="not_an_answer", error=ServerFault, said="answered with something that is no answer of its API"),
    Fault(name="no_choice", error=ServerFault, said="answered without a choice"),
    Fault(name="sdk_failed", error=RequestRejected, said="could not be asked"),
    # An answer came back and was billed, but is of no use.
    Fault(name="empty", error=BadAnswer, said="gave an empty answer"),
    Fault(name="cut", error=CutAnswer, said="was cut off at the token limit"),
    Fault(name="window_full", error=TooLong, said="filled its window before the answer was done"),
    Fault(name="refusal", error=Refused, said="declined for safety reasons"),
    Fault(name="odd_ending", error=BadAnswer, said="ended its answer for a reason we do not know"),
)
_NAMED = {fault.name: fault for fault in FAULTS}

# What a reply may name that is our own word, and so safe to repeat.
_OUR_PARAMETERS = re.compile(
    r"\b(temperature|reasoning_effort|max_tokens|max_completion_tokens|max_output_tokens|response_format|json_schema"
    r"|output_config|cache_control|response_schema|response_mime_type|image_url|input_audio|inline_data|document)\b",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,63}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/=+-]{0,127}")
_ID_HEADERS = ("x-request-id", "request-id", "x-goog-request-id")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a call went to: what its errors are about."""

    provider: str
    model: str

    def error(self, name: str, detail: str = "", **known: Any) -> CallError:
        """The error of the table's row `name`; `known` are fields of `CallError`."""
        fault = _NAMED[name]
        return self._made(fault, f" ({detail})" if detail else "", known)

    def unusable(self, name: str, detail: str, usage: Usage, text: str | None, request_id: str | None) -> CallError:
        """The error for an answer that was billed but is of no use; its text is kept for the ledger."""
        return self.error(name, detail, usage=asdict(usage), answer=text, request_id=request_id)

    def reply_error(self, status: int, headers: Mapping[str, str], content: bytes) -> CallError:
        """The error for a reply whose status says that it is no answer."""
        said = _said(content)
        fault = next(
            (f for f in FAULTS if status in f.statuses and re.search(f.words, said.all, re.IGNORECASE | re.DOTALL)),
            None,
        )
        detail = "".join(f", {part}" for part in said.codes)
        known = {
            "status": status,
            "request_id": request_id_of(headers) or said.request_id,
            "retry_after_s": told_wait_s(headers, said.error),
        }
        return self._made(fault or _NAMED["not_an_answer"], f" (HTTP {status}{detail})", known)

    def _made(self, fault: Fault, detail: str, known: dict[str, Any]) -> CallError:
        request_id = known.get("request_id")
        trail = f" Request `{request_id}`." if request_id else ""
        message = f"Model `{self.model}` of `{self.provider}` {fault.said}{detail}.{trail} {fault.error.advice}"
        return fault.error(message.rstrip(), provider=self.provider, **known)


async def told_in_our_words(
    asked: Asked, call: Awaitable[T], translate: Callable[[Asked, Exception], CallError], timeout_s: float
) -> T:
    """What `call` returns within `timeout_s`, counted from here to the last byte.

    Raises:
        CallError: Anything went wrong. It has no context: an SDK's error holds the request, so the key and the mail.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except CallError as known:
        failure = known
    except TimeoutError:
        failure = asked.error("call_timeout", f"{timeout_s:g} s")
    except Exception as error:
        failure = translate(asked, error)
    raise failure


def transport_error(asked: Asked, error: Exception) -> CallError:
    """The error for an exception of an SDK or its HTTP client that came without a reply."""
    kinds = _kinds(error)
    if any("Timeout" in kind for kind in kinds):
        connecting = any("Connect" in kind or "Pool" in kind for kind in kinds)
        return asked.error("connect_timeout" if connecting else "read_timeout")
    if kinds & _CUT:
        return asked.error("cut_connection")
    if any("Connect" in kind or kind in _NETWORK for kind in kinds):
        return asked.error("refused_connection")
    if kinds & _GARBAGE:
        return asked.error("not_an_answer")
    return asked.error("sdk_failed", type(error).__name__)


_CUT = frozenset(
    "RemoteProtocolError ReadError WriteError ServerDisconnectedError ClientPayloadError ConnectionResetError ProtocolError "
    "ChunkedEncodingError IncompleteRead ContentLengthError TransferEncodingError RemoteDisconnected CloseError".split()
)
_NETWORK = frozenset({"gaierror", "SSLError", "OSError", "NetworkError", "ProxyError"})
_GARBAGE = frozenset(
    {"JSONDecodeError", "ParseError", "UnicodeDecodeError", "UnknownApiResponseError", "DecodingError"}
)


def _kinds(error: BaseException | None) -> set[str]:
    """The names of the error's class and of all it came from: each SDK wraps its client's errors in its own way."""
    names: set[str] = set()
    seen = 0
    while error is not None and seen < 12:
        names |= {
            kind.__name__ for kind in type(error).__mro__ if kind not in (object, BaseException, Exception, ValueError)
        }
        error, seen = error.__cause__ or error.__context__, seen + 1
    return names


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The reply's own number as its header gives it; null when there is none or it is not fit to show."""
    found = next((headers[name] for name in _ID_HEADERS if headers.get(name)), "")
    return found if _REQUEST_ID.fullmatch(found) else None


def is_simulated(headers: Mapping[str, str]) -> bool:
    """Whether the simulator gave this reply."""
    return headers.get(SIMULATED_HEADER) == "1"


def read_object(asked: Asked, content: bytes) -> dict[str, Any]:
    """The JSON object of a reply that should be an answer.

    Raises:
        ServerFault: It is something else: a proxy's page, half an answer, an error under status 200.
    """
    try:
        body = from_json(content)
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("error"):
        raise asked.error("not_an_answer") from None
    return body


@dataclass(frozen=True, slots=True)
class _Said:
    error: dict[str, Any]
    codes: list[str]
    all: str
    request_id: str | None


def _said(content: bytes) -> _Said:
    """What an error's body says, in any of the providers' shapes; nothing when it is not JSON."""
    try:
        body = from_json(content)
    except ValueError:
        body = None
    body = body[0] if isinstance(body, list) and body else body
    body = body if isinstance(body, dict) else {}
    error = body.get("error")
    error = error if isinstance(error, dict) else {"message": error or body.get("message") or body.get("detail") or ""}
    details = [part for part in error.get("details") or [] if isinstance(part, dict)]
    given = [
        error.get("code"),
        error.get("type"),
        error.get("status"),
        error.get("param"),
        *(d.get("reason") for d in details),
    ]
    codes = [code for code in given if isinstance(code, str) and _IDENTIFIER.fullmatch(code)]
    message = str(error.get("message") or "")
    named = [name.lower() for name in _OUR_PARAMETERS.findall(message)]
    request_id = body.get("request_id")
    usable = isinstance(request_id, str) and _REQUEST_ID.fullmatch(request_id)
    return _Said(
        error=error,
        codes=list(dict.fromkeys([*codes, *(f"it names `{name}`" for name in named)])),
        all=" ".join([*map(str, given), message]),
        request_id=request_id if usable else None,
    )
