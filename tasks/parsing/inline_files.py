"""Files written into the text of a body: uuencode and yEnc."""

import re
from typing import NamedTuple

from tasks.parsing.transfer import uu_line

UU_BEGIN = re.compile(rb"begin [0-7]{3,4} (\S.{0,254})")
YENC_NAME = re.compile(rb"name=(.{1,255})$")
UNSHIFT = bytes((i - 42) % 256 for i in range(256))
ESCAPED = re.compile(rb"=(.)", re.DOTALL)


class InlineFile(NamedTuple):
    name: str
    data: bytes


def take_files(data: bytes) -> tuple[bytes, list[InlineFile]]:
    """Return the body without its coded files, and the files; a file without an end stays in the body."""
    if b"begin " not in data and b"=ybegin " not in data:
        return data, []
    rest: list[bytes] = []
    files: list[InlineFile] = []
    lines = data.splitlines(keepends=True)
    yenc_end = max((i for i, line in enumerate(lines) if line.startswith(b"=yend")), default=0)
    at = 0
    while at < len(lines):
        line = lines[at].rstrip(b"\r\n")
        end = file_end(lines, at, line, yenc_end)
        if end:
            files.append(decode_file(line, lines[at + 1 : end]))
            at = end + 1
        else:
            rest.append(lines[at])
            at += 1
    return b"".join(rest), files


def file_end(lines: list[bytes], at: int, line: bytes, yenc_end: int) -> int:
    """Return the index of the line that ends the file begun at `at`; 0 where none begins or none ends.

    `yenc_end` is the last line that ends any yEnc file: without it every beginning would be read to the end.
    """
    if line.startswith(b"=ybegin "):
        return next((i for i in range(at + 1, yenc_end + 1) if lines[i].startswith(b"=yend")), 0)
    if not UU_BEGIN.fullmatch(line):
        return 0
    for i in range(at + 1, len(lines)):
        coded = lines[i].rstrip(b"\r\n")
        if coded.strip() == b"end":
            return i
        if coded and not (32 <= coded[0] <= 96):
            return 0
    return 0


def decode_file(head: bytes, lines: list[bytes]) -> InlineFile:
    if head.startswith(b"=ybegin "):
        found = YENC_NAME.search(head)
        coded = b"".join(line.rstrip(b"\r\n") for line in lines if not line.startswith(b"=ypart"))
        unescaped = ESCAPED.sub(lambda m: bytes([(m[1][0] - 64) % 256]), coded)
        return InlineFile(found[1].decode("utf-8", "replace").strip() if found else "", unescaped.translate(UNSHIFT))
    name = head.split(b" ", 2)[2].decode("utf-8", "replace").strip()
    return InlineFile(name, b"".join(uu_line(line.rstrip(b"\r\n")) for line in lines))
