"""Header fields as text: RFC 2047, 2231 and 6532, raw 8-bit, and what is none of these.

Works on the raw, capped values that the compat32 policy keeps: `policy.default` takes seconds for one hostile header.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses, parsedate_to_datetime

from tasks.parsing.charsets import decode

ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
FOLD = re.compile(r"[\r\n\t\x00]+[ \t]*")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
MESSAGE_ID = re.compile(r"<([^<>\s]{1,998})>")
MAILBOX = re.compile(
    r"\s*(?:([A-Za-z0-9 ._'-]{0,80})<([A-Za-z0-9._+=~-]{1,64}@[A-Za-z0-9.-]{1,190})>"
    r"|([A-Za-z0-9._+=~-]{1,64}@[A-Za-z0-9.-]{1,190}))\s*"
)
# Lengths as RFC 5321 has them: without them the search takes quadratic time.
ANYWHERE = re.compile(r"[^\s<>\"',;:()@]{1,64}@[^\s<>\"',;:()@]{1,255}")
MAX_ADDRESSES = 1_000
# Of all fields of one name together.
MAX_ADDRESS_CHARS = 65_536


def read_head(raw: bytes) -> Message:
    """Return a mail without its body, every value of its fields as it came; never raises on content."""
    head = raw.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    return message_from_bytes(head + b"\n\n", policy=compat32)


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
        pending, charset, end = pending + word_bytes(word[2], word[3]), name, word.end()
    return "".join([*pieces, decode(pending, charset).text, source[end:]])


def word_bytes(encoding: str, content: str) -> bytes:
    """Return the bytes of one encoded word; broken base64 gives what could be read."""
    if encoding in "qQ":
        return binascii.a2b_qp(content.encode("utf-8", "replace"), header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", content.encode("ascii", "ignore"))
    usable = letters[: len(letters) - (len(letters) % 4 == 1)]
    return base64.b64decode(usable + b"=" * (-len(usable) % 4))


def read_addresses(raws: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return (name, address) of each mailbox; where nothing can be parsed the field's text stands as the address."""
    found: list[tuple[str, str]] = []
    chars = 0
    for raw in raws:
        text = plain(raw)
        if text.strip():
            found += parse_addresses(text)
        chars += len(raw)
        if len(found) >= MAX_ADDRESSES or chars >= MAX_ADDRESS_CHARS:
            break
    return tuple(found[:MAX_ADDRESSES])


def parse_addresses(text: str) -> list[tuple[str, str]]:
    """Return the mailboxes of one field's text, which may still have encoded words in it."""
    if simple := MAILBOX.fullmatch(text):  # most are, and the library's parser takes ten times as long
        return [(" ".join((simple[1] or "").split()), normal_address(simple[2] or simple[3]))]
    if "@" not in text and "=?" in text:
        text = decode_words(text)
    try:
        pairs = [(name, address) for name, address in getaddresses([text]) if name or address]
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        pairs = []
    whole = [(decode_text(n), normal_address(decode_text(a))) for n, a in pairs]
    if any("@" in address and " " not in address for _, address in whole):
        return [pair for pair in whole if pair != ("", "")]
    address = ANYWHERE.search(decode_text(text))
    if address:
        name = decode_text(text).replace(address[0], "").strip(" <>\"',;:()")
        return [(name, normal_address(address[0]))]
    bare = decode_text(text).strip()
    if re.fullmatch(r"[^:;]*:\s*;?", bare):  # an empty group, as in `undisclosed-recipients:;`
        return []
    return [("", bare)] if " " not in bare else [(bare.strip('"'), "")]


def normal_address(address: str) -> str:
    """Return an address with its domain in lower case; other text as it is."""
    local, at, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}" if at else address


def read_ids(raws: Iterable[str]) -> tuple[str, ...]:
    """Return message ids without their brackets, in order, each once; an id that has no brackets as it stands."""
    text = " ".join(plain(raw) for raw in raws).strip()
    ids = MESSAGE_ID.findall(text) or [word.strip("<>") for word in text.split()[:20]]
    return tuple(dict.fromkeys(i for i in ids if i))


def read_date(raw: str) -> datetime | None:
    """Return the moment in UTC, or None where no date can be made of it; a time without a zone counts as UTC."""
    text = decode_text(raw)[:200]
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError, RecursionError):
            continue
    return None


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
