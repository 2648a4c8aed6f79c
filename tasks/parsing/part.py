"""A part of a mail: its fields and its payload as they were sent, and what its fields say of it."""

from __future__ import annotations

import re
from email.message import Message
from email.policy import Compat32
from functools import lru_cache
from typing import Any, TypeAlias

from tasks.parsing.headers import parameter_text

# In quotes: the class takes no parameters when it runs.
Part: TypeAlias = "Message[str, str]"


class CappedHeaders(Compat32):
    """The policy that keeps header values raw and bounded."""

    header_chars = 16_384
    content_header_chars = 4_096

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _, value = sourcelines[0].partition(":")
        if len(sourcelines) == 1 and len(value) < self.content_header_chars:
            return name, value.lstrip(" \t").rstrip("\r\n")
        cap = self.content_header_chars if name[:8].lower() == "content-" else self.header_chars
        pieces, size = [value.lstrip(" \t")[:cap]], len(value)
        for line in sourcelines[1:]:
            if size >= cap:
                break
            pieces.append(line[: cap - size])
            size += len(line)
        return name, "".join(pieces).rstrip("\r\n")

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


class AsSent(Message):
    """A part whose payload stays as it was sent; the library's own decodes 8-bit text by its declared charset.

    Its fields are looked up by name, where the library's own goes through all of them each time.
    """

    _first: dict[str, str]
    _indexed = -1
    """How many fields there were when `_first` was made."""

    def get(self, name: str, failobj: Any = None) -> Any:  # noqa: ANN401  # as the library declares it
        """Return a field's first value, raw."""
        fields: list[tuple[str, str]] = self._headers  # raw_items() is a generator
        if len(fields) != self._indexed:
            self._first = {key.lower(): value for key, value in reversed(fields)}
            self._indexed = len(fields)
        return self._first.get(name.lower(), failobj)

    def get_content_type(self) -> str:
        """Return `maintype/subtype` in small letters, as the library reads it."""
        declared = self.get("content-type")
        return super().get_content_type() if declared is None else _content_type(declared)

    def take_fields(self, fields: list[tuple[str, str]]) -> None:
        """Take these as its only fields."""
        self._headers = fields

    def get_payload(self, i: int | None = None, decode: bool = False) -> Any:  # noqa: ANN401  # as the library declares it
        """Return the parts, or the text with a surrogate for each 8-bit byte; `i` and `decode` change nothing."""
        return self._payload  # type: ignore[attr-defined]  # private, and the only way to the bytes


# A few values make up most of all mails' fields, and the library takes them apart anew each time.
@lru_cache(maxsize=512)
def _content_type(declared: str) -> str:
    return Message.get_content_type(_part_with("content-type", declared))


@lru_cache(maxsize=512)
def _parameters(header: str, value: str) -> tuple[tuple[str, Any], ...]:
    return tuple((key.lower(), text) for key, text in _part_with(header, value).get_params([], header))


def _part_with(header: str, value: str) -> AsSent:
    part = AsSent(policy=CappedHeaders())
    part.take_fields([(header, value)])
    return part


def field(part: Part, name: str) -> str:
    """Return the first value of a header, raw; empty where it has none."""
    return str(part.get(name, ""))


def parameter(part: Part, name: str, header: str = "content-type") -> str:
    """Return a parameter of a MIME header as text; empty where it has none or cannot be parsed.

    Of two of one name RFC 2231's goes first, wherever it stands: the other is for programs that do not know that form.
    """
    declared = field(part, header)
    if name not in declared.lower():  # most parts have few parameters
        return ""
    try:
        found = [value for key, value in _parameters(header, declared) if key == name]
        extended = [value for value in found if isinstance(value, tuple)]
        return next((text for value in (*extended, *found) if (text := parameter_text(value))), "")
    except (ValueError, TypeError, IndexError, KeyError, AttributeError):
        return ""


def part_name(part: Part) -> str:
    """Return the file name that a part gives itself, without folders; empty where it gives none."""
    for parameter_name, header in (("filename", "content-disposition"), ("name", "content-type")):
        if part.get(header) is not None:
            name = parameter(part, parameter_name, header)
            if name:
                return re.split(r"[/\\]", name)[-1].strip(' "')[:255]
    return ""


def disposition(part: Part) -> str:
    """Return `inline`, `attachment`, another word, or empty."""
    return field(part, "content-disposition").partition(";")[0].strip().lower()
