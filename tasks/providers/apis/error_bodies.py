"""Reads the bodies of error replies in all providers' formats, and selects what can safely be shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json

# A code has only words and underscores, so that it is neither a key nor a sentence of a mail.
_CODE = re.compile(r"[A-Za-z]+(?:_[A-Za-z]+)*")
_PARAMETER = re.compile(r"[a-z_]+(?:\[\d+\]|\.[a-z_]+)*")
_LONGEST = 60
_OPENING = 300
"""Characters in which a message says what it is about; what follows may quote the mail."""
_DATE = re.compile(r"\b(20\d\d-\d\d-\d\d)(?:T| at | )?(\d\d:\d\d)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9][\w.:/=+-]{0,127}", re.ASCII)
_ID_HEADERS = ("x-request-id", "request-id", "x-goog-request-id")

# Our own parameters, which a message may repeat and which can be shown.
_OURS = re.compile(
    r"\b(temperature|reasoning_effort|max_tokens|max_completion_tokens|max_output_tokens|response_format|json_schema"
    r"|output_config|cache_control|response_schema|response_json_schema|response_mime_type|generation_config|image_url"
    r"|input_audio|inline_data|thinking_config|thinking_level)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """A parsed error body. `message` may quote the mail or the key, so it is matched but never shown."""

    codes: Sequence[str] = ()
    parameter: str | None = None
    message: str = ""
    details: Sequence[Mapping[str, Any]] = ()
    request_id: str | None = None
    until: datetime | None = None
    """When the message says that it ends."""

    @property
    def shown(self) -> list[str]:
        """The parts that an error may show: codes, and the parameters in its complaint."""
        named = [self.parameter] if self.parameter else list(dict.fromkeys(_OURS.findall(self.message)))
        return [*self.codes, *(f"about `{name}`" for name in named)]


def read_error_body(headers: Mapping[str, str], content: bytes) -> ErrorBody:
    """The parsed error body; empty if it is not JSON, such as a proxy's page."""
    body = _object(content)
    error = body.get("error")
    if not isinstance(error, dict):
        error = _bare(body)
    listed = error.get("details")
    details = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
    given = [error.get("status"), error.get("type"), error.get("code"), *(part.get("reason") for part in details)]
    message = str(error.get("message") or "")
    if "PerDay" in str([part.get("violations") for part in details]):
        given.append("PER_DAY")
    codes: list[Any] = [code for code in given if _is_like(_CODE, code)]
    parameter = error.get("param")
    return ErrorBody(
        codes=list(dict.fromkeys(codes)),
        parameter=parameter if _is_like(_PARAMETER, parameter) else None,
        message=message,
        details=details,
        request_id=request_id_of(headers) or request_id_in(body.get("request_id")),
        until=_date_in(message),
    )


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    """The error object of servers that resemble OpenAI: at top level, under another name, or a list of faults."""
    detail = body.get("detail")
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        steps = detail[0].get("loc")
        place = [str(step) for step in steps if step != "body"] if isinstance(steps, list) else []
        return {"message": detail[0].get("msg"), "code": detail[0].get("type"), "param": ".".join(place)}
    message = body.get("error") or body.get("message") or detail or ""
    return {"message": message, "code": body.get("code"), "type": body.get("type"), "param": body.get("param")}


def _date_in(message: str) -> datetime | None:
    """The first date in the message's beginning, with its time if there is one; UTC."""
    found = _DATE.search(message[:_OPENING])
    with suppress(ValueError):
        if found:
            return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}:00+00:00")
    return None


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """The request id in the reply's headers; null if there is none or it can't safely be shown."""
    return request_id_in(next((headers[name] for name in _ID_HEADERS if headers.get(name)), None))


def request_id_in(value: object) -> str | None:
    """`value` if it is a request id that can safely be shown, else null."""
    return value if isinstance(value, str) and _is_like(_REQUEST_ID, value, 128) else None


def _is_like(pattern: re.Pattern[str], value: object, longest: int = _LONGEST) -> bool:
    return isinstance(value, str) and len(value) <= longest and pattern.fullmatch(value) is not None


def _object(content: bytes) -> dict[str, Any]:
    try:
        body = from_json(content)
    except ValueError:
        return {}
    body = body[0] if isinstance(body, list) and body else body
    return body if isinstance(body, dict) else {"message": body} if isinstance(body, str) else {}
