"""What stands on mails where they lie: flags, keywords and Gmail's labels, as people set them in any client."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFetchError
from imap_tools.imap_utf7 import utf7_decode
from imap_tools.utils import check_command_status

GMAIL = "X-GM-EXT-1"
"""What a server offers that has Gmail's labels and conversations: https://developers.google.com/gmail/imap."""
_AT_ONCE = 500
_UID = re.compile(rb"\bUID (\d+)")
_FLAGS = re.compile(rb"\bFLAGS \(([^)]*)\)")
_LABELS = re.compile(rb'\bX-GM-LABELS \(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)')
_LABEL = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
_LITERAL = re.compile(rb"\{\d+\+?\}$")
Response = Sequence[bytes | tuple[bytes, bytes] | None]


def has_labels(box: BaseMailBox) -> bool:
    """Whether the server has Gmail's labels, which people see there, as keywords they do not."""
    return GMAIL in box.client.capabilities


def read_marks(box: BaseMailBox, uids: Sequence[int]) -> dict[int, frozenset[str]]:
    """What people marked the mails with these UIDs in the selected folder with; mails that are gone are left out.

    These are keywords, labels and `\\flagged`, in lower case. Gmail leaves out the label of the selected folder itself.
    """
    return {uid: of_people(told) for uid, told in read_flags(box, uids).items()}


def read_flags(box: BaseMailBox, uids: Sequence[int]) -> dict[int, frozenset[str]]:
    """All flags, keywords and Gmail's labels of these mails, in lower case; mails that are gone are left out."""
    items = "(UID FLAGS X-GM-LABELS)" if has_labels(box) else "(UID FLAGS)"
    found: dict[int, frozenset[str]] = {}
    for start in range(0, len(uids), _AT_ONCE):
        answer = box.client.uid("FETCH", ",".join(map(str, uids[start : start + _AT_ONCE])), items)
        check_command_status(answer, MailboxFetchError)
        found |= {int(uid[1]): flags_in(line) for line in _lines(answer[1]) if (uid := _UID.search(line))}
    return {uid: found[uid] for uid in uids if uid in found}


def flags_in(line: bytes) -> frozenset[str]:
    """The flags, keywords and labels in a line of an answer to a FETCH."""
    flags, labels = _FLAGS.search(line), _LABELS.search(line)
    told = {flag.decode("ascii", "replace").lower() for flag in (flags[1].split() if flags else ())}
    return frozenset(
        told | {_decoded(quoted or atom) for quoted, atom in (_LABEL.findall(labels[1]) if labels else ())}
    )


def of_people(told: Iterable[str]) -> frozenset[str]:
    """Those that a person may have set: others with a backslash say what programs did, or where a mail lies."""
    return frozenset(one for one in told if not one.startswith("\\") or one == "\\flagged")


def _lines(response: Response) -> Iterator[bytes]:
    """Each mail's line; a label that is too odd to be quoted comes as a literal, and is quoted here."""
    line = b""
    for item in response:
        if isinstance(item, tuple):
            line += _LITERAL.sub(b"", item[0]) + b'"' + re.sub(rb'(["\\])', rb"\\\1", item[1]) + b'"'
        else:
            yield line + (item or b"")
            line = b""


def _decoded(label: bytes) -> str:
    plain = re.sub(rb"\\(.)", rb"\1", label) if not label.startswith(b"\\") else label.replace(b"\\\\", b"\\")
    try:
        return utf7_decode(plain).lower()
    except ValueError:
        return plain.decode("utf-8", "replace").lower()
