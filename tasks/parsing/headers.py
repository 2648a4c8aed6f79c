"""Header fields as text: RFC 2047, 2231 and 6532, raw 8-bit, and what is none of these.

Works on the raw, capped values that the compat32 policy keeps: `policy.default` takes seconds for one hostile header.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import collapse_rfc2231_value

from tasks.parsing.charsets import decode
from tasks.parsing.torn_headers import SOUND, repair_header

# A question mark in the content does not end an encoded word, unless `=` without two hex digits follows it.
ENCODED_WORD = re.compile(
    r"=\?([^?\s]{1,60})\?(?:([bB])\?([^?]*)|([qQ])\?((?:[^?=]|=(?!\?)|\?(?!=(?![0-9A-F]{2})))*))\?="
)
BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
FOLD = re.compile(r"[\r\n\t\x00]+[ \t]*")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
FIELD = re.compile(r"([!-9;-~]+):[ \t]*([^\n]*(?:\n[ \t][^\n]*)*)\n")
# Without any of these a header may go on below a blank line.
ESSENTIAL = frozenset({"from", "subject", "date"})
MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")


def read_head(raw: bytes) -> Message:
    """Return a mail without its body, every value of its fields as it came; never raises on content."""
    whole, _ = repair_header(raw.lstrip(b"\xef\xbb\xbf \t\r\n"))
    head = whole.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    return message_from_bytes(head + b"\n\n", policy=compat32)


def read_fields(raw: bytes) -> dict[str, list[str]]:
    """Return the values of `read_head` by lower-case name; of a sound header in a fraction of the parser's time."""
    whole = raw.lstrip(b"\xef\xbb\xbf \t\r\n")
    fields = sound_fields(whole)
    if fields and not ESSENTIAL.isdisjoint(fields):  # a repair would change nothing
        return fields
    whole, _ = repair_header(whole)
    if fields := sound_fields(whole):
        return fields
    fields = {}
    for name, value in read_head(raw).raw_items():
        fields.setdefault(name.lower(), []).append(str(value))
    return fields


def sound_fields(raw: bytes) -> dict[str, list[str]] | None:
    """Return the values of a header's fields by lower-case name; None where it is not sound."""
    sound = SOUND.match(raw)
    if sound is None or b"\r" in sound[0].replace(b"\r\n", b"\n"):  # a lone CR ends a line for the parser
        return None
    fields: dict[str, list[str]] = {}
    for name, value in FIELD.findall(sound[0].decode("ascii", "surrogateescape")):
        fields.setdefault(name.lower(), []).append(value.rstrip("\r\n"))
    return fields


def field_bytes(raw: str) -> bytes:
    """Return the bytes that stood in the mail; `raw` is what the bytes parser keeps, with surrogates for 8-bit."""
    return raw.encode("utf-8", "surrogateescape")


def plain(raw: str) -> str:
    """Return a raw header on one line, its 8-bit bytes decoded."""
    text = raw if raw.isascii() and "\x1b" not in raw else decode(field_bytes(raw)).text
    return FOLD.sub(" ", text) if not text.isprintable() else text


def decode_text(raw: str) -> str:
    """Return an unstructured header as people read it: one line, encoded words decoded, no control characters."""
    text = plain(raw)
    if "=?" in text:
        text = decode_words(text)
    return CONTROLS.sub(" ", text).strip() if not text.isprintable() else text.strip()


def decode_words(text: str) -> str:
    """Return `text` with its RFC 2047 words decoded; neighbours of one charset are joined before decoding.

    Joined, because many senders cut a character of several bytes in two.
    """
    pieces: list[str] = []
    pending, charset, end = b"", "", 0
    source = BETWEEN_WORDS.sub(r"\1", text)
    for word in ENCODED_WORD.finditer(source):
        between = source[end : word.start()]
        name = word[1].partition("*")[0].lower()  # RFC 2231 puts `*language` behind the charset
        if between or name != charset:
            pieces.append(decode(pending, charset).text)
            pieces.append(between)
            pending = b""
        encoding, content = (word[2], word[3]) if word[2] else (word[4], word[5])
        pending, charset, end = pending + word_bytes(encoding, content), name, word.end()
    return "".join([*pieces, decode(pending, charset).text, source[end:]])


def word_bytes(encoding: str, content: str) -> bytes:
    """Return the bytes of one encoded word; broken base64 gives what could be read."""
    if encoding in "qQ":
        return binascii.a2b_qp(content.encode("utf-8", "replace"), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/=]", b"", content.encode("ascii", "ignore"))
    return b"".join(base64_piece(piece) for piece in re.split(rb"=+", letters))


def base64_piece(letters: bytes) -> bytes:
    """Return the bytes of base64 without its padding; a letter too many is left out."""
    usable = letters[: len(letters) - (len(letters) % 4 == 1)]
    return base64.b64decode(usable + b"=" * (-len(usable) % 4))


def read_ids(raws: Iterable[str]) -> tuple[str, ...]:
    """Return message ids without their brackets, in order, each once; an id that has no brackets as it stands."""
    text = " ".join(plain(raw) for raw in raws).strip()
    ids = MESSAGE_ID.findall(text) or [word.strip("<>") for word in text.split()[:20]]
    return tuple(dict.fromkeys(i for i in ids if i))


def parameter_text(value: object) -> str:
    """Return a MIME parameter as the parser gives it (a string, or RFC 2231's triple) as text."""
    if isinstance(value, tuple) and len(value) == 3:
        charset, _, content = value
        if isinstance(content, str):
            # The parser unquotes RFC 2231 into latin-1, one character a byte.
            raw = content.encode("latin-1", "replace") if not surrogates(content) else field_bytes(content)
            return CONTROLS.sub(" ", decode(raw, charset if isinstance(charset, str) else None).text).strip()
    if isinstance(value, (str, tuple)):
        return decode_text(value if isinstance(value, str) else str(collapse_rfc2231_value(value)))
    return ""


def surrogates(text: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in text)
