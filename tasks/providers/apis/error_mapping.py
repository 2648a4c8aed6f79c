"""What can go wrong with a call, in one table: how each fault is told, and which of our errors it becomes.

Rows with statuses are matched from top to bottom against a provider's reply, the first that fits counts; rows without
are named by the adapters. No error quotes the provider, whose words may repeat the mail or the key: it gives the
reply's codes, and names those of our own parameters that the reply complains of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
from tasks.providers.apis.error_bodies import ErrorBody, read_error_body
from tasks.providers.apis.retry_after import told_wait_s
from tasks.questions import Usage


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row: `error` is raised where the reply fits; `said` completes "Model `…` of `openai` …".

    A reply fits by its status and, where the row has any, by one of its `codes` or by how its message opens. Openings,
    since further in a message may quote the mail, and whoever wrote that must not choose the error.
    """

    name: str
    error: type[CallError]
    said: str
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    opening: str = ""

    def fits(self, status: int, complaint: ErrorBody) -> bool:
        if status not in self.statuses:
            return False
        if not self.codes and not self.opening:
            return True
        by_words = bool(self.opening) and re.match(self.opening, complaint.message, re.IGNORECASE) is not None
        return by_words or not self.codes.isdisjoint(complaint.codes)


# Codes and openings are those of the providers' own pages on errors; "exceed_context_size_error" is llama.cpp's,
# "maximum context length" is OpenAI's and vLLM's.
FAULTS: tuple[Fault, ...] = (
    Fault(
        name="too_long",
        error=TooLong,
        said="does not take a prompt that long",
        statuses=frozenset({400, 413, 422, 429}),
        codes=frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}),
        opening=r"prompt is too long|input length and .max_tokens. exceed|request too large|the input token count"
        r"|request payload size exceeds|[^.\n]{0,40}maximum context length",
    ),
    Fault(name="too_big", error=TooLong, said="does not take a request that big", statuses=frozenset({413})),
    Fault(
        name="key_invalid",
        error=KeyRejected,
        said="rejected the API key",
        statuses=frozenset({400}),
        codes=frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"}),
        opening=r"API key (not valid|expired)",
    ),
    Fault(
        name="no_credit",
        error=OutOfFunds,
        said="says that the account has no credit",
        statuses=frozenset({400, 403, 429}),
        codes=frozenset(
            "insufficient_quota billing_hard_limit_reached billing_not_active billing_error BILLING_DISABLED".split()
        ),
        opening=r"your credit balance is too low",
    ),
    Fault(
        name="not_served",
        error=KeyRejected,
        said="does not serve this account",  # Google's word for a country without the free tier
        statuses=frozenset({400}),
        codes=frozenset({"FAILED_PRECONDITION"}),
    ),
    Fault(
        name="flagged",
        error=Refused,
        said="declined for safety reasons",
        statuses=frozenset({400, 403}),
        codes=frozenset({"content_filter", "content_policy_violation", "invalid_prompt"}),
        opening=r"output blocked by content filtering policy",
    ),
    Fault(name="unpaid", error=OutOfFunds, said="asks for payment", statuses=frozenset({402})),
    Fault(name="unauthorized", error=KeyRejected, said="rejected the API key", statuses=frozenset({401})),
    Fault(name="forbidden", error=KeyRejected, said="does not let this API key do that", statuses=frozenset({403})),
    Fault(
        name="request_timeout",
        error=TimedOut,
        said="gave up waiting for the request",
        statuses=frozenset({408}),
    ),
    # Another request holds a lock over there: what the SDKs' own retries count as passing, too.
    Fault(name="conflict", error=Overloaded, said="reports a conflict", statuses=frozenset({409})),
    Fault(name="rate_limit", error=RateLimited, said="takes no more requests for now", statuses=frozenset({429})),
    Fault(name="overloaded", error=Overloaded, said="is overloaded", statuses=frozenset({503, 529})),
    Fault(name="rejected", error=RequestRejected, said="was refused", statuses=frozenset(range(300, 500))),
    Fault(name="server_error", error=ServerFault, said="failed", statuses=frozenset(range(500, 600))),
    # No reply, or none that could be read.
    Fault(name="connect_timeout", error=TimedOut, said="could not be reached in time"),
    Fault(name="read_timeout", error=TimedOut, said="fell silent"),
    Fault(name="call_timeout", error=TimedOut, said="did not finish in time"),
    Fault(name="unreachable", error=Unreachable, said="could not be reached"),
    Fault(name="cut_off", error=Unreachable, said="broke the connection off"),
    Fault(name="no_answer", error=ServerFault, said="sent something that is no answer of its API"),
    Fault(name="no_choice", error=ServerFault, said="sent an answer without content"),
    # Of a batch API that takes no name for a batch: whose it is shows when it has ended.
    Fault(name="not_told_apart", error=Overloaded, said="has a batch under way that may be ours or another's"),
    Fault(name="not_asked", error=RequestRejected, said="could not be asked"),
    # An answer came and was billed, but is of no use.
    Fault(name="empty", error=BadAnswer, said="gave an empty answer"),
    Fault(name="cut", error=CutAnswer, said="reached its token limit"),
    Fault(name="window_full", error=TooLong, said="filled its window before the answer was done"),
    Fault(name="refusal", error=Refused, said="declined for safety reasons"),
    Fault(name="odd_ending", error=BadAnswer, said="ended its answer for a reason that is not known here"),
)
_NAMED = {fault.name: fault for fault in FAULTS}


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Whom a call went to: what its errors are about."""

    provider: str
    model: str

    @property
    def subject(self) -> str:
        """Whom a message names."""
        return f"Model `{self.model}` of `{self.provider}`"

    def error(self, name: str, detail: str = "", *, request_id: str | None = None) -> CallError:
        """The error of the table's row `name`; `detail` is shown, so it must be ours or a checked code."""
        return self._made(_NAMED[name], detail, {"request_id": request_id})

    def billed(self, name: str, usage: Usage, text: object, request_id: str | None) -> CallError:
        """The error for an answer that was paid for; what came of it is kept for the ledger."""
        kept = text if isinstance(text, str) and text else None  # a reply of any shape may have held anything
        known = {"request_id": request_id, "usage": asdict(usage), "answer": kept}
        return self._made(_NAMED[name], "", known)

    def rejected(self, status: int, headers: Mapping[str, str], content: bytes) -> CallError:
        """The error for a reply whose status says that it is no answer."""
        complaint = read_error_body(headers, content)
        fault = next((row for row in FAULTS if row.fits(status, complaint)), _NAMED["no_answer"])
        known = {
            "status": status,
            "request_id": complaint.request_id,
            "retry_after_s": told_wait_s(headers, complaint.details),
        }
        return self._made(fault, ", ".join([f"HTTP {status}", *complaint.shown]), known)

    def _made(self, fault: Fault, detail: str, known: dict[str, Any]) -> CallError:
        what = f"{self.subject} {fault.said}"
        parts = [what + (f" ({detail})." if detail else ".")]
        if known["request_id"]:
            parts.append(f"Request `{known['request_id']}`.")
        return fault.error(" ".join([*parts, fault.error.advice]), provider=self.provider, **known)
