"""Names of charsets in mail, and the Python codec that reads the widest charset each is used for.

WHATWG's labels come from resiliparse (https://encoding.spec.whatwg.org/#names-and-labels); Python knows further names.
"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import map_encoding_to_html5

# What programs send under the name of a narrower charset.
WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
    "iso2022_jp_2": "iso2022_jp_ext",
    "iso2022_jp_3": "iso2022_jp_ext",
    "iso2022_jp_2004": "iso2022_jp_ext",
}
# Names that neither WHATWG nor Python knows, or that WHATWG does not decode.
ALIASES = {
    "iso-2022-jp-ms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "cp50222": "iso2022_jp_ext",
    "cp50225": "iso2022_kr",
    "cp51932": "euc_jp",
    "eucjp-ms": "euc_jp",
    "cp51949": "cp949",
    "cp936": "gb18030",
    "cp54936": "gb18030",
    "cp52936": "hz",
    "hz-gb-2312": "hz",
    "cp65000": "utf-7",
    "cp65001": "utf-8",
    "cp1200": "utf-16",
    "cp1201": "utf-16",
    "cp28591": "cp1252",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ce": "mac_latin2",
    "x-mac-greek": "mac_greek",
    "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland",
    "x-mac-japanese": "cp932",
    "x-mac-chinesesimp": "gb18030",
    "x-mac-chinesetrad": "big5hkscs",
    "x-mac-korean": "cp949",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "x-unicode-1-1-utf-7": "utf-7",
    "csunicode11utf7": "utf-7",
    "utf8mb4": "utf-8",
}
# Text codecs of Python that are no charsets of mail; some take quadratic time.
NOT_CHARSETS = {
    "idna",
    "punycode",
    "unicode-escape",
    "raw-unicode-escape",
    "undefined",
    "mbcs",
    "oem",
    "unicode_escape",
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")
# `cp-850`, `ibm-850`, `dos-850`, `x-cp850`, `ms936`, `windows-850`: a code page by its number.
CODE_PAGE = re.compile(r"(?:x-)?(?:cp|ibm|dos|ms|win|windows|codepage|oem)?[-_]?(\d{3,5})")


def lookup(name: str | None) -> str | None:
    """Return the codec for a charset of mail, the widest that includes it; None if there is none."""
    plain = (name or "").strip().strip("\"'").lower()
    if not NAME.fullmatch(plain):
        return None
    page = CODE_PAGE.fullmatch(plain)
    numbered = f"cp{page[1]}" if page else plain
    if plain.startswith(("iso-2022-cn", "iso2022cn", "x-iso-2022-cn", "csiso2022cn")):
        return "iso2022_cn"
    if plain.startswith(("utf-16", "utf16", "ucs-2", "iso-10646-ucs-2", "unicodefffe", "unicodefeff")):
        return "utf-16"
    known = ALIASES.get(plain) or ALIASES.get(numbered) or map_encoding_to_html5(plain, fallback_utf8=False)
    codec = python_name(known or plain) or python_name(numbered) or python_name(plain.removeprefix("x-"))
    return "utf-16" if codec in ("utf-16-le", "utf-16-be") else WIDER.get(codec or "", codec)


def python_name(name: str) -> str | None:
    """Return Python's own name of a text codec; None where it is no charset."""
    if name == "iso2022_cn":
        return name
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return None if known.name in NOT_CHARSETS or not getattr(known, "_is_text_encoding", True) else known.name
