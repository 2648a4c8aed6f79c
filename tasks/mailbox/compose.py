"""Makes a mail's bytes from a table's cells, so that a row is processed like any other mail."""

from __future__ import annotations

import re

# A line end in a cell would start a new header field (RFC 5322, 2.2). Other control characters are not allowed either.
CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
HTML = re.compile(r"\s*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE)


def compose_mail(
    *, content: str | bytes, sender: str, subject: str, source_id: str, target_language: str | None
) -> bytes:
    """Return a mail with `content` as its unchanged body: HTML if it begins like a page, else plain text.

    Headers contain unencoded UTF-8 (RFC 6532). A cell can never add a header field or a part.
    """
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    fields = {
        "From": sender,
        "Subject": subject,
        "X-Mailroom-Id": source_id,
        "X-Mailroom-Target-Language": target_language or "",
        "MIME-Version": "1.0",
        "Content-Type": f"text/{'html' if HTML.match(text) else 'plain'}; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
    }
    lines = [f"{name}: {value}" for name, value in _clean(fields) if value or name == "Subject"]
    return "\r\n".join([*lines, "", text]).encode("utf-8", "replace")


def _clean(fields: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, CONTROLS.sub(" ", value).strip()) for name, value in fields.items()]
