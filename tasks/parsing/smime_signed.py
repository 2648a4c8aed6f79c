"""S/MIME whose content lies inside its signature (RFC 5652, SignedData): taken out, the signature not checked.

Reads just enough BER to find it: lengths known and unknown, octet strings whole and in pieces.
"""

from typing import NamedTuple

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
OCTETS, OCTETS_IN_PIECES = 0x04, 0x24
MAX_DEPTH = 30


class Element(NamedTuple):
    """One element: its tag, where its content begins and ends, and where the next one begins."""

    tag: int
    start: int
    end: int
    next: int


def signed_content(data: bytes) -> bytes | None:
    """Return the mail inside a signature; None where there is none, or the data is something else."""
    try:
        outer = elements(data, element(data, 0))
        if data[outer[0].start : outer[0].end] != SIGNED_DATA:
            return None
        signed = elements(data, element(data, outer[1].start))
        inner = elements(data, signed[2])
        return octets(data, element(data, inner[1].start), 0)
    except (IndexError, ValueError):
        return None


def element(data: bytes, at: int, depth: int = 0) -> Element:
    """Return the element at a place; raise ValueError where there is none that ends."""
    tag, length = data[at], data[at + 1]
    start = at + 2
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if length == 0x80:  # unknown: it ends after two zero bytes
        end = start
        while data[end : end + 2] != b"\0\0":
            end = element(data, end, depth + 1).next
        return Element(tag, start, end, end + 2)
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(data[at + 2 : start])
    if start + length > len(data):
        raise ValueError("longer than its data")
    return Element(tag, start, start + length, start + length)


def elements(data: bytes, outer: Element) -> list[Element]:
    """Return what is in an element."""
    found = []
    at = outer.start
    while at < outer.end:
        found.append(element(data, at))
        at = found[-1].next
    return found


def octets(data: bytes, one: Element, depth: int) -> bytes:
    """Return an octet string, its pieces joined."""
    if one.tag == OCTETS:
        return data[one.start : one.end]
    if one.tag != OCTETS_IN_PIECES or depth > MAX_DEPTH:
        raise ValueError("no octet string")
    return b"".join(octets(data, piece, depth + 1) for piece in elements(data, one))
