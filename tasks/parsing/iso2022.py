"""Text in ISO 2022's seven-bit charsets (RFC 1468, 1554, 1557, 1922) and in EUC-JP, as mail programs write it.

Python's codecs know no rows of NEC and IBM (circled digits, 株 in brackets, 髙). They stop at the first character they
don't know. Here the codec that has a pair reads it, and only a pair that none has is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# An escape sequence that designates a charset, one that shifts a single character, or SO and SI.
# A line begins unshifted.
CONTROL = re.compile(rb"\x1b(\$?[()*+\-./]?[@-Z])|(\x0e)|\x0f|(?=\n)")
PAIRS = re.compile(rb"(?:[\x21-\x7e][\x21-\x7e])+")
HIGH_PAIRS = re.compile(rb"\x8f[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]|(?:[\xa1-\xfe]{2})+")
SINGLE_SHIFT = b"N"
UNKNOWN = "\ufffd"
HIGH_BIT = bytes((byte | 0x80) for byte in range(256))

Decoder = Callable[[bytes], str]


def jis_pairs(data: bytes) -> str:
    """Return pairs of JIS X 0208 with the rows of NEC and IBM, by way of Microsoft's Shift_JIS."""
    shifted = bytearray()
    for row, cell in zip(data[::2], data[1::2], strict=True):
        lead = ((row - 0x21) >> 1) + 0x81
        shifted.append(lead if lead < 0xA0 else lead + 0x40)
        shifted.append(cell + 0x7E if row % 2 == 0 else cell + 0x1F + (cell > 0x5F))
    return shifted.decode("cp932", "replace") if len(shifted) == 2 else whole_or_single(bytes(shifted), "cp932")


def whole_or_single(data: bytes, codec: str) -> str:
    """Return pairs decoded together, or one by one where one of them is unknown."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return "".join(single(data[at : at + 2], codec) for at in range(0, len(data), 2))


def single(pair: bytes, codec: str) -> str:
    try:
        return pair.decode(codec)
    except UnicodeDecodeError:
        return UNKNOWN


def high(codec: str) -> Decoder:
    """Return the decoder of pairs that a codec has with their high bits set."""
    return lambda data: whole_or_single(data.translate(HIGH_BIT), codec)


def supplementary(codec: str) -> Decoder:
    """Return the decoder of pairs that a codec of EUC has behind its single shift 3."""

    def decode(data: bytes) -> str:
        coded = data.translate(HIGH_BIT)
        return "".join(single(b"\x8f" + coded[at : at + 2], codec) for at in range(0, len(coded), 2))

    return decode


def unknown(data: bytes) -> str:
    """Return a replacement for each pair: no codec has CNS 11643."""
    return UNKNOWN * (len(data) // 2)


GB, KS, JIS = high("gb18030"), high("cp949"), jis_pairs
# By the last byte of `ESC $ …`, `ESC $ ( …`, `ESC $ ) …` and `ESC $ * …`.
SETS_OF_PAIRS: dict[str, Decoder] = {
    "@": JIS, "A": GB, "B": JIS, "C": KS, "D": supplementary("euc_jp"), "E": GB, "G": unknown, "H": unknown,
    "O": high("euc_jis_2004"), "P": supplementary("euc_jis_2004"), "Q": high("euc_jis_2004"),
}  # fmt: skip


def kana(data: bytes) -> str:
    """Return the seven-bit half-width katakana of JIS X 0201."""
    return data.translate(HIGH_BIT).decode("cp932", "replace")


class Reader2022:
    """Reads one text; `sets` are the charsets designated to G0, G1 and G2, None for ASCII."""

    def __init__(self) -> None:
        self.sets: list[Decoder | None] = [None, kana, None]
        self.shifted = False
        self.out: list[str] = []

    def read(self, data: bytes) -> str:
        """Return the text; what no codec has is replaced."""
        at = 0
        for control in CONTROL.finditer(data):
            self.take(data[at : control.start()])
            at = control.end()
            if control[1] == SINGLE_SHIFT:
                at += self.take_single(data[at : at + 2])
            elif control[1]:
                self.designate(control[1].decode("ascii"))
            else:
                self.shifted = bool(control[2])
        self.take(data[at:])
        return "".join(self.out)

    def designate(self, sequence: str) -> None:
        """Take note of a charset; a sequence that is not known means ASCII."""
        last, kind = sequence[-1], sequence[:-1]
        slot = {")": 1, "-": 1, "*": 2, ".": 2}.get(kind[-1:], 0)
        if kind.startswith("$"):
            self.sets[slot] = SETS_OF_PAIRS.get(last, unknown)
        elif kind == ".":
            codec = "iso8859-7" if last == "F" else "latin-1"
            self.sets[2] = lambda data: data.translate(HIGH_BIT).decode(codec, "replace")
        else:
            self.sets[slot] = kana if last == "I" else None

    def take_single(self, data: bytes) -> int:
        """Take the character behind a single shift, and return how many bytes it has."""
        decode = self.sets[2] or unknown
        size = 2 if decode in (unknown, GB) else 1
        self.out.append(decode(data[:size]))
        return size

    def take(self, data: bytes) -> None:
        """Take what stands between two controls."""
        decode = self.sets[1 if self.shifted else 0]
        if decode is None or not data:
            self.out.append(data.decode("ascii", "replace"))
        elif decode is kana:
            self.out.append(kana(data))
        else:
            self.out.append(joined(PAIRS, data, decode))


def joined(pattern: re.Pattern[bytes], data: bytes, decode: Decoder) -> str:
    """Return all that matches decoded, and what is between as ASCII."""
    out: list[str] = []
    at = 0
    for found in pattern.finditer(data):
        out += [data[at : found.start()].decode("ascii", "replace"), decode(found[0])]
        at = found.end()
    return "".join([*out, data[at:].decode("ascii", "replace")])


def decode_2022(data: bytes) -> str:
    """Return text with ISO 2022's escape sequences or shifts."""
    return Reader2022().read(data)


def decode_euc_jp(data: bytes) -> str:
    """Return EUC-JP with the rows of NEC and IBM."""

    def decode(piece: bytes) -> str:
        if piece[0] in (0x8E, 0x8F):
            return single(piece, "euc_jp")
        return jis_pairs(bytes(byte & 0x7F for byte in piece))

    return joined(HIGH_PAIRS, data, decode)
