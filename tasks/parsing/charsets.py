"""Bytes to text: strict UTF-8, then the declared charset, then a detector, then cp1252 with replacement.

UTF-8 goes first because text that is valid UTF-8 by accident hardly exists, while mails that declare something else
and send UTF-8 are common. Seven-bit encodings with escapes are the exception: they are valid UTF-8 by construction.
"""

import codecs
import re
from typing import NamedTuple

DETECTOR_BYTES = 65_536
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Names that mail uses for a narrower charset than it sends. Source: the labels of https://encoding.spec.whatwg.org
WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
}
ALIASES = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-mac-roman": "mac_roman",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
}
# They read any bytes, and are what programs declare that know no better.
LATIN = {"cp1252", "iso8859-15"}
HIGH = bytes(range(128, 256))
# With fewer letters than this outside ASCII the detector guesses, and Western Europe is the best guess.
FEW = 8
# A shift to two-byte letters; an escape of a terminal, `ESC [`, is none.
ESCAPE = re.compile(rb"\x1b\$[@B()A]")
ISO_2022_JP, ISO_2022_KR = "iso2022_jp_ext", "iso2022_kr"
# Text codecs of Python that are no charsets of mail; some take quadratic time.
NOT_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")


class Decoded(NamedTuple):
    """`note` is `ascii`, `utf-8`, or `declared:`, `detected:` or `replaced:` and a charset."""

    text: str
    note: str


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Return `data` as text without lone surrogates, and how its charset was found."""
    if data.isascii() and not declares_escapes(data, declared):
        return Decoded(data.decode("ascii"), "ascii")
    for bom, marked in BOMS:
        if data.startswith(bom):
            note = "utf-8" if marked == "utf-8" else f"detected:{marked}"
            return Decoded(data.decode(marked, "replace").removeprefix("\ufeff"), note)
    known = lookup(declared)
    seven_bit = known in ("utf-7", "hz") or (known or "").startswith(("iso2022", "utf-16", "utf-32"))
    charsets = (known, "utf-8") if seven_bit else ("utf-8", known)
    if not seven_bit and ESCAPE.search(data):
        charsets = (ISO_2022_KR if b"\x1b$)C" in data else ISO_2022_JP, *charsets)
    for charset in charsets:
        if charset in LATIN and not mostly_ascii(data):
            continue
        text = strictly(data, charset)
        if text is not None:
            how = "declared" if charset == known else "detected"
            return Decoded(text, "utf-8" if charset == "utf-8" else f"{how}:{charset}")
    return nearly_utf8(data, known) or detect(data) or last_resort(data, known)


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
        name.startswith(("utf-16", "utf-32"))
        or ("utf-7" in name and b"+" in data)
        or (name.startswith("hz") and b"~{" in data)
    )


def lookup(name: str | None) -> str | None:
    """Return Python's name for a charset of mail, the widest that includes it; None if there is none."""
    if not name or not NAME.fullmatch(name.strip().strip("\"'")):
        return None
    plain = name.strip().strip("\"'").lower()
    try:
        known = codecs.lookup(ALIASES.get(plain, plain))
    except (LookupError, ValueError):
        return None
    if known.name in NOT_CHARSETS or not getattr(known, "_is_text_encoding", True):
        return None
    return WIDER.get(known.name, known.name)


def strictly(data: bytes, charset: str | None) -> str | None:
    """Return `data` in that charset, or None where it is not."""
    if charset is None:
        return None
    try:
        text = data.decode(charset)
    except (UnicodeError, LookupError, ValueError):
        return None
    return text if charset == "utf-8" or has_no_surrogates(text) else None


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
