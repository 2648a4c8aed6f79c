"""The target of a call (provider, model, address), and the errors of its calls.

No error quotes the provider, whose message may repeat the mail or the key. It contains the reply's codes and the names
of our own parameters in the reply's complaint.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from tasks.errors import CallError, OutOfFunds, RateLimited, Transient
from tasks.providers.apis.error_bodies import ErrorBody, read_error_body
from tasks.providers.apis.error_mapping import FAULTS, NAMED, Fault
from tasks.providers.apis.retry_after import told_wait_s
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Usage

_BY_CODE = {
    429: "rate_limit_error rate_limit_exceeded insufficient_quota RESOURCE_EXHAUSTED too_many_requests",
    529: "overloaded_error engine_overloaded overloaded",
    503: "UNAVAILABLE service_unavailable",
    401: "authentication_error UNAUTHENTICATED invalid_api_key",
    402: "billing_error payment_required",
    403: "permission_error PERMISSION_DENIED",
    404: "not_found_error NOT_FOUND model_not_found NotFoundError",
    400: "invalid_request_error INVALID_ARGUMENT FAILED_PRECONDITION BadRequestError context_length_exceeded",
    504: "DEADLINE_EXCEEDED timeout_error",
    500: "api_error server_error INTERNAL internal_error internal_server_error",
}
_STATUSES = {code: status for status, codes in _BY_CODE.items() for code in codes.split()}
"""The status that an error object under HTTP 200 stands for, by its code."""


@dataclass(frozen=True, slots=True)
class CallTarget:
    """A provider's model at an address, which is empty if it is unknown."""

    provider: str
    model: str
    address: str = ""

    @property
    def subject(self) -> str:
        """The subject of error messages."""
        return f"Model `{self.model}` of `{self.provider}`"

    def error(self, name: str, detail: str = "", *, request_id: str | None = None) -> CallError:
        """The error for the table's row `name`. `detail` is shown, so it must be our own text or a checked code."""
        return self._made(NAMED[name], detail, ErrorBody(), {"request_id": request_id})

    def billed(self, name: str, usage: Usage | None, text: object, request_id: str | None) -> CallError:
        """The error for an unusable answer that was billed. Its text and usage are kept for the ledger."""
        kept = text if isinstance(text, str) and text else None  # servers may send anything here
        known = {"request_id": request_id, "usage": asdict(usage) if usage else None, "answer": kept}
        return self._made(NAMED[name], "", ErrorBody(), {**known, "price_unknown": usage is None})

    def rejected(self, status: int, headers: Mapping[str, str], content: bytes) -> CallError:
        """The error for a reply with an error status."""
        found = self._error_of(status, headers, read_error_body(headers, content))
        found.words = sha256(content).hexdigest() if content else ""
        return found

    def error_in(self, body: dict[str, Any], headers: Mapping[str, str], usage: Usage | None = None) -> CallError:
        """The error for an error object with HTTP status 200. Its code gives the status that counts."""
        read = read_error_body(headers, json.dumps(body, default=str).encode())
        status = next((status for status in map(_status, [_code(body), *read.codes]) if status), None)
        found = self.error("no_answer") if status is None else self._error_of(status, headers, read)
        found.usage = asdict(usage) if usage else None
        return found

    def _error_of(self, status: int, headers: Mapping[str, str], body: ErrorBody) -> CallError:
        fault = next((row for row in FAULTS if row.fits(status, body)), NAMED["no_answer"])
        known = {"status": status, "request_id": body.request_id, "retry_after_s": _wait_s(fault, headers, body)}
        return self._made(fault, ", ".join([f"HTTP {status}", *body.shown]), body, known)

    def _made(self, fault: Fault, detail: str, body: ErrorBody, known: dict[str, Any]) -> CallError:
        at = f" at {_shown(self.address)}" if self.address and issubclass(fault.error, Transient) else ""
        what = f"{self.subject}{at} {fault.said}{_how_long(fault, body, known)}"
        parts = [what + (f" ({detail})." if detail else ".")]
        if known["request_id"]:
            parts.append(f"Request `{known['request_id']}`.")
        advice = self._advice(fault, body)
        known = {"price_unknown": fault.price_unknown, **known}
        return fault.error(
            " ".join([*parts, advice or fault.error.advice]), provider=self.provider, advice=advice, **known
        )

    def _advice(self, fault: Fault, body: ErrorBody) -> str:
        if "{" not in fault.advice:
            return fault.advice
        sheet = sheet_of(self.provider)
        return fault.advice.format(
            model=self.model,
            model_variable=sheet.variable("model"),
            address=_shown(self.address or sheet.address or "its own address"),
            address_variable=sheet.variable("base_url"),
            parameter_advice=_parameter_advice(body, sheet.variable, sheet.account.model_fields),
        )


def _parameter_advice(body: ErrorBody, variable: Callable[[str], str], fields: Mapping[str, Any]) -> str:
    said = " ".join([body.parameter or "", *body.shown, *body.codes])
    if "temperature" in said:
        return f"Set `{variable('temperature')}=none`"
    if "max_" in said and "tokens" in said:
        return f"Set `{variable('max_tokens')}` to what the model takes"
    if "json_mode" in fields:
        return f"Set `{variable('json_mode')}=json_object`, or choose another model by `{variable('model')}`"
    return f"Choose a model that takes it by `{variable('model')}`"


def _wait_s(fault: Fault, headers: Mapping[str, str], body: ErrorBody) -> float | None:
    told = told_wait_s(headers, body.details, body.message)
    if told is None and body.until is not None and issubclass(fault.error, OutOfFunds | RateLimited):
        return max(0.0, (body.until - datetime.now(UTC)).total_seconds())
    return told


def _how_long(fault: Fault, body: ErrorBody, known: Mapping[str, Any]) -> str:
    if body.until is not None and issubclass(fault.error, OutOfFunds | RateLimited):
        return f" until {body.until:%Y-%m-%d %H:%M} UTC"
    seconds = known.get("retry_after_s") or 0.0
    return f" for {duration(seconds)}" if seconds >= 1 else ""


def duration(seconds: float) -> str:
    """The time in a suitable unit: `45 s`, `60 min`, `36 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"


def _shown(address: str) -> str:
    """The address without a user name and a password."""
    parts = urlsplit(address)
    return (
        f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
        if parts.hostname
        else address
    )


def _code(body: dict[str, Any]) -> object:
    error = body.get("error")
    return error.get("code") or error.get("status") if isinstance(error, dict) else body.get("code")


def _status(code: object) -> int | None:
    if isinstance(code, str) and not code.isdigit():
        return _STATUSES.get(code)
    with_number = int(code) if isinstance(code, str | int) and not isinstance(code, bool) else 0
    return with_number if 300 <= with_number < 600 else None
