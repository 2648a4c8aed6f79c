"""Header fields with Message-IDs, which Python's library would encode or cut and so make invalid."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message
from email.policy import EmailPolicy

from tasks.parsing.headers import plain

_IDS = frozenset({"message-id", "in-reply-to", "references"})
_LINE = 998  # octets, RFC 5322, 2.1.1
_SOFT_LINE = 200
_ANY_ID = re.compile(r"<([^<>]*)>")
# Ids in our header come from untrusted mail: only printable ASCII without blanks and brackets is accepted.
_ID = re.compile(r"[!-;=?-~]{1,990}")


class ReplyPolicy(EmailPolicy):
    """Folds only between ids. Python's own policy would encode a long id (RFC 2047)."""

    def fold(self, name: str, value: str) -> str:
        return _folded(name, str(value)) if name.lower() in _IDS else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return _folded(name, str(value)).encode("ascii") if name.lower() in _IDS else super().fold_binary(name, value)


POLICY = ReplyPolicy(max_line_length=_SOFT_LINE, linesep="\r\n", raise_on_defect=False)


def _folded(name: str, value: str) -> str:
    lines = [f"{name}:"]
    for one in value.split():
        room = _LINE if lines[-1].endswith(":") else _SOFT_LINE
        if len(lines[-1]) + 1 + len(one) <= room:
            lines[-1] += f" {one}"
        else:
            lines.append(f" {one}")
    return "\r\n".join(lines) + "\r\n"


def thread_of(headers: Message) -> tuple[str, tuple[str, ...]]:
    """The mail's Message-ID (empty where it has no usable one), and the ids of the thread before it.

    An id that a header cannot contain unchanged (blanks, other scripts, too long) is left out: a part of it could be
    another mail's id.
    """
    own = _ids_in(headers, "message-id")
    return (own[0] if own else ""), _ids_in(headers, "references") or _ids_in(headers, "in-reply-to")


def _ids_in(headers: Message, name: str) -> tuple[str, ...]:
    values = [plain(str(value)).strip() for field, value in headers.raw_items() if field.lower() == name]
    found = [one for value in values for one in (_ANY_ID.findall(value) or _bare(value))]
    return tuple(dict.fromkeys(one for one in found if _ID.fullmatch(one)))


def _bare(value: str) -> Iterable[str]:
    return () if "<" in value or ">" in value else value.split()
