"""Bytes to text: strict UTF-8, then the declared charset, then a detector, then cp1252 with replacement.

UTF-8 goes first because text that is valid UTF-8 by accident hardly exists, while mails that declare something else
and send UTF-8 are common. Seven-bit encodings with escapes are the exception: they are valid UTF-8 by construction.
"""

import codecs
import re
from typing import NamedTuple

from tasks.parsing.charset_names import lookup
from tasks.parsing.iso2022 import decode_2022, decode_euc_jp
from tasks.parsing.utf16 import decode_utf16, looks_utf16

DETECTOR_BYTES = 65_536
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# These read any bytes. Programs declare them when they do not know the charset.
LATIN = {"cp1252", "iso8859-15"}
HIGH = bytes(range(128, 256))
# With fewer letters than this outside ASCII the detector guesses, and Western Europe is the best guess.
FEW = 8
# A shift to two-byte letters. The escape of a terminal, `ESC [`, is not one.
SHIFT = re.compile(rb"\x1b[$(.]|\x0e")
ESCAPE = re.compile(rb"\x1b\$[@B()A]")
# Of the characters outside ASCII that a declared charset reads, one in so many may be unknown to it.
FEW_UNKNOWN = 20
SECOND = "mailroom-second-reading"


class Decoded(NamedTuple):
    """`note` is `ascii`, `utf-8`, or `declared:`, `detected:` or `replaced:` and a charset."""

    text: str
    note: str


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return `data` as text without lone surrogates, and how its charset was found."""
    if data.isascii() and b"\x00" not in data and not declares_escapes(data, declared):
        return Decoded(data.decode("ascii"), "ascii")
    for bom, marked in BOMS:
        if data.startswith(bom):
            note = "utf-8" if marked == "utf-8" else f"detected:{marked}"
            return Decoded(data.decode(marked, "replace").removeprefix("\ufeff"), note)
    known = lookup(declared)
    for charset in candidates(data, known):
        if charset in LATIN and not mostly_ascii(data):
            continue
        text = strictly(data, charset)
        if text is not None:
            how = (
                "replaced"
                if "\ufffd" in text and charset != "utf-8"
                else "declared"
                if charset == known
                else "detected"
            )
            return Decoded(text, "utf-8" if charset == "utf-8" else f"{how}:{charset}")
    return nearly_utf8(data, known) or nearly(data, known) or detect(data) or last_resort(data, known)


def candidates(data: bytes, known: str | None) -> tuple[str | None, ...]:
    """Return the charsets to try, the likeliest first."""
    if known != "utf-16" and b"\x00" in data and looks_utf16(data):
        return ("utf-16", known)
    if known in ("utf-7", "hz", "utf-16") or (known or "").startswith(("iso2022", "utf-32")):
        return (known, "utf-8")
    if ESCAPE.search(data):
        korean, chinese = b"\x1b$)C" in data, b"\x1b$)A" in data or b"\x1b$)G" in data
        return ("iso2022_kr" if korean else "iso2022_cn" if chinese else "iso2022_jp_ext", "utf-8", known)
    return ("utf-8", known)


def mostly_ascii(data: bytes) -> bool:
    """Return whether few bytes are outside ASCII, as in every language that these charsets were made for."""
    sample = data[:DETECTOR_BYTES]
    return len(sample.translate(None, HIGH)) > 0.6 * len(sample)


def last_resort(data: bytes, known: str | None) -> Decoded:
    """Return the declared reading that nothing better was found for, else cp1252 with replacements."""
    text = strictly(data, known)
    if text is not None:
        return Decoded(text, f"declared:{known}")
    return Decoded(data.decode("cp1252", "replace"), "replaced:cp1252")


def declares_escapes(data: bytes, declared: str | None) -> bool:
    """Return whether ASCII bytes may yet be something else: ISO-2022, HZ, UTF-7 or UTF-16 with only ASCII letters."""
    if b"\x1b" in data:
        return True
    name = (declared or "").lower()
    return (
        (b"\x0e" in data and "2022" in name)
        or ("utf-7" in name and b"+" in data)
        or (name.startswith("hz") and b"~{" in data)
    )


def strictly(data: bytes, charset: str | None) -> str | None:
    """Return `data` in that charset, or None where it is not."""
    if charset is None:
        return None
    try:
        text = data.decode(charset, SECOND) if charset != "iso2022_cn" else None
    except (UnicodeError, LookupError, ValueError):
        text = None
    if charset == "utf-16":
        text = decode_utf16(data)
    elif text is None:
        text = leniently(data, charset)
    return text if text is None or charset == "utf-8" or has_no_surrogates(text) else None


def leniently(data: bytes, charset: str) -> str | None:
    """Return `data` as a reader for all rows of a Japanese, Chinese or Korean charset decodes it.

    None means that the charset is no such one.
    """
    if charset == "euc_jp":
        text = decode_euc_jp(data)
        return text if few_unknown(text, FEW_UNKNOWN) else None
    if charset.startswith("iso2022") and data.isascii() and SHIFT.search(data):
        text = decode_2022(data)
        return text if few_unknown(text, 2) else None  # there is no better reading of escape sequences
    return None


def few_unknown(text: str, one_in: int) -> bool:
    """Return whether of the characters outside ASCII at most one in so many was unknown."""
    unknown = text.count("\ufffd")
    return unknown == 0 or unknown * one_in <= len(text) - len(text.encode("ascii", "ignore"))


def second_reading(error: UnicodeError) -> tuple[str, int]:
    """Return what browsers read where Python's codec for a charset has a gap.

    Raises:
        UnicodeError: Nothing.
    """
    if isinstance(error, UnicodeDecodeError):
        if error.encoding == "gb18030" and error.object[error.start] == 0x80:
            return "€", error.start + 1
        if error.encoding == "big5hkscs":
            pair = error.object[error.start : error.start + 2]
            return pair.decode("cp950"), error.start + 2
    raise error


codecs.register_error(SECOND, second_reading)


def has_no_surrogates(text: str) -> bool:
    """Return whether UTF-8 can hold `text`; a few charsets decode to halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def nearly_utf8(data: bytes, declared: str | None) -> Decoded | None:
    """Return UTF-8 with replacements where it was cut at the end or is damaged; hardly any other text looks like it."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    others = len(text) - len(data.translate(None, HIGH)) - broken
    cut = broken == 1 and text.endswith("\ufffd") and others > 0
    if cut or (broken if declared == "utf-8" else 10 * broken) <= others:
        return Decoded(text, "replaced:utf-8")
    return None


def nearly(data: bytes, known: str | None) -> Decoded | None:
    """Return the declared reading where it knows nearly all of the text."""
    if known is None or known == "utf-8" or known in LATIN or known.startswith(("iso2022", "utf-")):
        return None
    text = data.decode(known, "replace")
    return Decoded(text, f"replaced:{known}") if few_unknown(text, FEW_UNKNOWN) and has_no_surrogates(text) else None


def detect(data: bytes) -> Decoded | None:
    """Return what the detector makes of `data`, or None where it cannot tell."""
    sample = data[:DETECTOR_BYTES]
    if mostly_ascii(sample) and len(sample) - len(sample.translate(None, HIGH)) < FEW:
        charset: str | None = "cp1252"
    else:
        import chardet  # 60 ms, and most mails do not need it

        # Not those of old Macs, DOS and mainframes, of which it finds something in any short text.
        era = chardet.EncodingEra.MODERN_WEB | chardet.EncodingEra.LEGACY_ISO
        charset = lookup(chardet.detect(sample, encoding_era=era).get("encoding"))
    text = strictly(data, charset)
    return None if text is None else Decoded(text, f"detected:{charset}")
