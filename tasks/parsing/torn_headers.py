"""Mends a torn header, so that a bad line costs only that line, and not the fields below it.

The standard library takes the first line that is no field for the first line of the body. Works on bytes, in one pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.errors import MessageDefect

SOUND = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n|[ \t][^\n]*\n)+(?:\r?\n|\Z)")
ESSENTIAL = re.compile(rb"(?im)^(?:from|subject|date)[ \t]*:")
FIELD = re.compile(rb"([!-9;-~]+):")
SPACED = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]+:")
# A well-known field whose colon is missing.
NO_COLON = re.compile(rb"(subject|date|to|cc|from|message-id)[ \t]+(?=\S)", re.IGNORECASE)
ENVELOPE = re.compile(rb">*From ")
SMTP = re.compile(
    rb"(?:(?:HELO|EHLO|LHLO|AUTH)[ \t]|MAIL FROM:|RCPT TO:|(?:DATA|RSET|NOOP|STARTTLS)\s*$|[2345]\d\d[ -])",
    re.IGNORECASE,
)
END_OF_DATA = re.compile(rb"\n\.\r?\n(?:QUIT\s*|221[^\n]*\s*|250[^\n]*\s*)*\Z", re.IGNORECASE)
KNOWN = {
    b"from", b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to",
    b"sender", b"received", b"return-path", b"delivered-to", b"mime-version", b"content-type", b"content-language",
    b"content-transfer-encoding", b"content-disposition", b"dkim-signature", b"authentication-results", b"list-id",
    b"list-unsubscribe", b"precedence", b"importance", b"user-agent", b"auto-submitted", b"received-spf",
    b"arc-seal", b"arc-message-signature", b"thread-topic", b"thread-index", b"organization",
}  # fmt: skip
STRUCTURED = (b"content-", b"mime-", b"date")
TRACE = re.compile(rb"(?:by|with|for|id|via|from|using|envelope-from)[ \t]|[(;]")
PARAMETER = re.compile(rb"[A-Za-z][\w-]*\*?\d*\*?=")
ONCE = {b"from", b"subject", b"date", b"message-id"}
LISTS = {b"from", b"to", b"cc", b"reply-to", b"references", b"in-reply-to", b"message-id"}
ANY_TWO = ONCE | {b"to", b"received"}
LONG_LINE = 60
MOST_LINES = 5_000


class TornHeaderDefect(MessageDefect):
    """Lines of the header that are no fields were left out or put right."""


class SmtpPreambleDefect(MessageDefect):
    """Commands of SMTP stood above the header."""


@dataclass(slots=True)
class HeaderRepair:
    """A header that is put right line by line; `names` are the fields that its lines are or belong to."""

    lines: list[bytes]
    names: list[bytes]
    kept: list[bytes] = field(default_factory=list)
    previous: bytes = b""
    defects: list[MessageDefect] = field(default_factory=list)

    def run(self) -> int:
        """Put the lines right, and return how many of them belong to the header."""
        last_new = max((self.names.index(name) for name in set(self.names) if is_known(name)), default=-1)
        last_of = {name: at for at, name in enumerate(self.names) if name in ONCE}
        met: set[bytes] = set()
        fields_below = sum(map(bool, self.names))
        for at, (name, line) in enumerate(zip(self.names, self.lines, strict=True)):
            fields_below -= bool(name)
            below = len(self.lines) - at - 1
            if name:
                self.keep(name, line)
                met |= {name} & ONCE
            elif self.is_preamble(line) or (
                last_new > at and 2 * fields_below >= below and all(last_of[one] < at for one in met)
            ):
                self.mend(line)
            elif self.continues(line):
                self.join(line)
            else:
                return at
        return len(self.lines)

    def keep(self, name: bytes, line: bytes) -> None:
        """Take a field or its continuation on, the colon directly behind its name."""
        if line[:1] in b" \t" and not self.kept:
            line = line.lstrip(b" \t")
        if spaced := SPACED.match(line):
            line = spaced[1] + line[spaced.end() - 1 :]
            self.say(TornHeaderDefect)
        self.kept.append(line)
        self.previous = name

    def is_preamble(self, line: bytes) -> bool:
        """Return whether a line is of the envelope, which may stand above a header but never in it."""
        return bool(ENVELOPE.match(line) or (not self.kept and SMTP.match(line)))

    def mend(self, line: bytes) -> None:
        """Leave a bad line out, or put it where it belongs."""
        if unmarked := self.without_colon(line):
            name = unmarked[1].lower()
            self.kept.append(name + b": " + line[unmarked.end() :])
            self.previous = name
            self.say(TornHeaderDefect)
            return
        if self.is_preamble(line):
            if not ENVELOPE.match(line):
                self.say(SmtpPreambleDefect)
        elif self.continues(line):
            self.join(line)
        else:
            self.say(TornHeaderDefect)

    def without_colon(self, line: bytes) -> re.Match[bytes] | None:
        """Return the name of a well-known field that lacks only its colon; `From …` may be of the envelope."""
        found = NO_COLON.match(line)
        if not found or found[1].lower() in self.names or (found[1].lower() == b"from" and b"<" not in line):
            return None
        return found

    def join(self, line: bytes) -> None:
        self.kept.append(b" " + line)
        self.say(TornHeaderDefect)

    def continues(self, line: bytes) -> bool:
        """Return whether a line goes on with the field above it, though it is not indented."""
        if not self.kept:
            return False
        above = self.kept[-1].rstrip()
        if above.endswith((b";", b",", b":")):
            return True
        if self.previous.startswith((b"dkim-", b"arc-")):
            return b" " not in line.strip()
        if self.previous.startswith(STRUCTURED):
            return bool(PARAMETER.match(line)) and b";" in above
        if self.previous == b"received":
            return bool(TRACE.match(line))
        if line.startswith(b"=?") and b"?=" in line:
            return above.endswith(b"?=")
        return (line.startswith(b"<") and self.previous in LISTS) or (
            self.previous == b"subject" and len(above) > LONG_LINE
        )

    def say(self, defect: type[MessageDefect]) -> None:
        if not any(isinstance(one, defect) for one in self.defects):
            self.defects.append(defect())


def repair_header(raw: bytes) -> tuple[bytes, list[MessageDefect]]:
    """Return the mail with a header that the parser reads to its end, and what was wrong with it."""
    if raw.count(b"\r\r\n", 0, 4_096) > 2:
        raw = raw.replace(b"\r\r\n", b"\r\n")
    if (sound := SOUND.match(raw)) and not ENVELOPE.match(raw):
        if ESSENTIAL.search(raw, 0, sound.end()):
            return raw, []
        return join_blocks(raw, sound.end())
    lines = header_lines(raw)
    names = named(lines)
    repair = HeaderRepair(lines, names)
    if not lines or not (names[0] or repair.is_preamble(lines[0]) or len(set(names) & ANY_TWO) > 1):
        return raw, []  # a text, of which a line or two look like fields
    taken = repair.run()
    if not repair.kept:
        return raw, []
    header = b"".join(repair.kept)
    rest = raw[sum(map(len, lines[:taken])) :]
    if any(isinstance(one, SmtpPreambleDefect) for one in repair.defects):
        rest = END_OF_DATA.sub(b"\n", rest)
    return header + rest, repair.defects


def header_lines(raw: bytes) -> list[bytes]:
    """Return the lines up to the first blank one below a field."""
    lines: list[bytes] = []
    at, begun = 0, False
    while at < len(raw) and len(lines) < MOST_LINES:
        end = raw.find(b"\n", at) + 1 or len(raw)
        line = raw[at:end]
        if not line.strip(b"\r\n") and begun:
            break
        begun = begun or FIELD.match(line) is not None
        lines.append(line)
        at = end
    return lines


def named(lines: list[bytes]) -> list[bytes]:
    """Return the field, in lower case, that each line belongs to by its form; empty where a line is neither."""
    names: list[bytes] = []
    name = b""
    for line in lines:
        found = FIELD.match(line) or SPACED.match(line)
        if found and (not SPACED.match(line) or is_known(found[1].lower())) and not SMTP.match(line):
            name = found[1].lower()
            names.append(name)
        else:
            names.append(name if line[:1] in b" \t" else b"")
    return names


def is_known(name: bytes) -> bool:
    return name in KNOWN or name.startswith(b"x-")


def join_blocks(raw: bytes, end: int) -> tuple[bytes, list[MessageDefect]]:
    """Return the mail without a blank line inside its header: what stands above it names no sender, subject or date."""
    first = {line.partition(b":")[0].lower() for line in raw[:end].split(b"\n")}
    block = SOUND.match(raw, end)
    if block is None or any(name.startswith((b"content-", b"x-mailroom-")) for name in first):
        return raw, []
    found = {one.lower() for one in re.findall(rb"(?m)^([A-Za-z-]+):", block[0])}
    if len(found & ANY_TWO) < 2:
        return raw, []
    return raw[:end].rstrip(b"\r\n") + b"\n" + raw[end:], [TornHeaderDefect()]
