"""Decodes Content-Transfer-Encoding, even where it is damaged."""

import binascii
import re
from email.message import Message

BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NO_LETTERS = bytes(set(range(256)) - set(BASE64))
# The run must be long, because an ordinary word also consists of base64's letters.
CODED_START = re.compile(rb"\s*(?:[A-Za-z0-9+/]{40,}\r?\n)+(?:(?:[A-Za-z0-9+/]{4})+\r?\n)?")
SENTENCE = re.compile(rb"\S+ \S+ \S+")
PADDED = re.compile(rb"[^=]+=*|=+")
UU_NAMES = {"xuuencode", "uuencode", "uue", "xuue"}
# As senders spell it: `7-bit`, `8bits`, `quoted printable`.
SPELLING = re.compile(r"[\s_-]+")
AS_IS = re.compile(r"\d?bits?|binary|none|plain|")


def content(part: "Message[str, str]") -> tuple[bytes, str]:
    """Return a leaf's decoded bytes and what was wrong with them (empty if nothing was)."""
    payload = part.get_payload()
    if not isinstance(payload, str):
        return b"", ""
    data = payload.encode("utf-8", "surrogateescape")
    encoding = str(part.get("content-transfer-encoding", "")).partition(";")[0].strip(" \t\r\n\"'").lower()
    spelled = SPELLING.sub("", encoding[:40])
    if AS_IS.fullmatch(spelled):
        return data, ""
    if spelled in ("quotedprintable", "qp"):
        return binascii.a2b_qp(data), ""
    if spelled in ("base64", "b64", "xbase64"):
        return from_base64(data)
    if spelled in UU_NAMES:
        return from_uuencode(data)
    return data, f"unknown transfer encoding `{encoding[:40]}`"


def from_base64(data: bytes) -> tuple[bytes, str]:
    """Return the decoded bytes; text that is no base64 at all comes back as it is."""
    if b"=" in data.rstrip(b"= \t\r\n"):  # the decoder stops at the first padding
        padded, whole = from_padded(data)
        if padded:
            return padded, "" if whole else "broken base64"
    if looks_coded(data):
        try:
            return binascii.a2b_base64(data), ""
        except binascii.Error:
            pass
    coded = CODED_START.match(data)
    if coded and SENTENCE.search(data, coded.end()):  # a list's footer below a coded part
        data = coded[0]
    dense = b"".join(data.split())
    letters = dense.translate(None, NO_LETTERS)
    if len(letters) < 0.9 * len(dense.rstrip(b"=")) or data.strip().count(b" ") * 20 > len(data):
        return data, "declared base64, is none"
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)), "broken base64"


def from_padded(data: bytes) -> tuple[bytes, bool]:
    """Return the bytes of the padded pieces that `data` begins with, and whether it is nothing but such pieces."""
    out: list[bytes] = []
    open_piece: list[bytes] = []
    for line in data.split(b"\n"):
        words = line.split()
        for piece in PADDED.findall(words[0]) if words else ():
            open_piece.append(piece)
            if piece.translate(None, BASE64 + b"="):
                return b"".join(out), False
            if piece.endswith(b"="):
                coded = b"".join(open_piece)
                if len(coded) % 4:  # words with equals signs, as quoted-printable has them
                    return b"", False
                out.append(binascii.a2b_base64(coded))
                open_piece = []
        if len(words) > 1:
            return b"".join(out), False
    rest = b"".join(open_piece)
    if not out or len(rest) % 4:
        return b"".join(out), False
    return b"".join([*out, binascii.a2b_base64(rest)]), True


def looks_coded(data: bytes) -> bool:
    """Return whether nothing but base64 is in `data`: the decoder skips what is not, and makes letters of words."""
    return not data.translate(None, BASE64 + b"=\r\n")


def from_uuencode(data: bytes) -> tuple[bytes, str]:
    """Return the decoded bytes of the first uuencoded block."""
    out, inside = [], False
    for line in data.splitlines():
        if not inside:
            inside = line.startswith(b"begin ")
        elif line.strip() in (b"end", b"`"):
            break
        else:
            out.append(uu_line(line))
    return (b"".join(out), "") if inside else (data, "declared uuencode, is none")


def uu_line(line: bytes) -> bytes:
    """Return one decoded line; some encoders pad it wrongly, so its own count is believed."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        wanted = ((line[0] - 32) & 63) * 4 // 3 + 2 if line else 0
        try:
            return binascii.a2b_uu(line[:wanted])
        except binascii.Error:
            return b""
