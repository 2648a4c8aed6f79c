"""Parts that are not as MIME has them: without boundaries, or coded where they must not be."""

from __future__ import annotations

import re

from tasks.parsing.charsets import decode
from tasks.parsing.limits import Limits
from tasks.parsing.mail_parts import MailParts
from tasks.parsing.part import Part, parameter
from tasks.parsing.part import field as header
from tasks.parsing.transfer import content
from tasks.parsing.tree import grow

# How a part begins, with a header of its own.
PART_START = re.compile(rb"\s*content-(?:type|transfer-encoding|disposition|id)[ \t]*:", re.IGNORECASE)
FIRST_BOUNDARY = "first boundary missing"


def first_part(part: Part, found: MailParts, limits: Limits) -> list[Part]:
    """Return the part whose boundary line is missing: its header stands where a multipart has nothing to say."""
    above = (part.preamble or "").encode("utf-8", "surrogateescape")
    if not PART_START.match(above) or not found.budget.repair():
        return []
    found.defects.append(FIRST_BOUNDARY)
    part.preamble = None
    return [grow(above, limits)[0]]


def without_boundary(part: Part, data: bytes) -> bytes:
    """Return what stands above the closing line of a multipart that has no other."""
    edge = parameter(part, "boundary").encode("utf-8", "surrogateescape")
    return re.split(rb"(?m)^--" + re.escape(edge) + rb"(?:--)?[ \t]*\r?$", data, maxsplit=1)[0] if edge else data


def fields_text(part: Part) -> str:
    """Return the fields of a machine-readable report, one a line, and the text below them."""
    lines = [f"{name}: {value}" for name, value in part.raw_items()]
    payload = part.get_payload()
    text = "\n".join([*lines, payload.strip() if isinstance(payload, str) else "", ""])
    return decode(text.encode("utf-8", "surrogateescape")).text


def unwrapped(wrapper: Part, inner: Part, limits: Limits) -> Part:
    """Return the mail in a `message/rfc822` part, also where its sender coded it, which the RFC forbids."""
    encoding = header(wrapper, "content-transfer-encoding").strip().lower()
    payload = inner.get_payload()
    if encoding not in ("base64", "quoted-printable") or inner.keys() or not isinstance(payload, str):
        return inner
    inner["Content-Transfer-Encoding"] = encoding
    return grow(content(inner)[0], limits)[0]
