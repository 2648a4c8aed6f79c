"""Files as Outlook saves a mail (MS-OXMSG), made for a test at a time."""

from __future__ import annotations

import struct
from typing import TypeAlias

Tree: TypeAlias = "dict[str, bytes | Tree]"
SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
TICKS_AT_1970 = 116_444_736_000_000_000


def compound_file(tree: Tree) -> bytes:
    """A compound file (MS-CFB, version 3) of these storages and streams; small enough for one sector of FAT's list."""
    entries: list[list[object]] = [["Root Entry", 5, NONE, NONE, END, 0]]
    mini = b""
    mini_fat: list[int] = []
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(data: bytes) -> int:
        start = len(sectors)
        pieces = [data[at : at + SECTOR].ljust(SECTOR, b"\0") for at in range(0, len(data), SECTOR)]
        sectors.extend(pieces)
        fat.extend([start + i + 1 for i in range(len(pieces) - 1)] + [END] * bool(pieces))
        return start if pieces else END

    def put_mini(data: bytes) -> int:
        nonlocal mini
        start, count = len(mini_fat), -(-len(data) // MINI)
        mini += data.ljust(count * MINI, b"\0")
        mini_fat.extend([start + i + 1 for i in range(count - 1)] + [END] * bool(count))
        return start if count else END

    def add(inside: Tree) -> int:
        first, previous = NONE, -1
        for name, content in inside.items():
            at = len(entries)
            if isinstance(content, dict):
                entries.append([name, 1, NONE, NONE, 0, 0])
                entries[at][2] = add(content)
            else:
                start = put(content) if len(content) >= CUTOFF else put_mini(content)
                entries.append([name, 2, NONE, NONE, start, len(content)])
            if previous < 0:
                first = at
            else:
                entries[previous][3] = at
            previous = at
        return first

    entries[0][2] = add(tree)
    entries[0][4], entries[0][5] = put(mini), len(mini)
    mini_table = put(struct.pack(f"<{len(mini_fat)}I", *mini_fat) if mini_fat else b"")
    directory = put(b"".join(_entry(*entry) for entry in entries))  # type: ignore[arg-type]
    count = -(-(len(fat) + 1) // 127)
    first_fat = len(sectors)
    fat += [0xFFFFFFFD] * count
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(count * SECTOR, b"\xff")
    header = struct.pack(
        "<8s16xHHHHH6x9I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0, count, directory, 0,
        CUTOFF, mini_table, -(-len(mini_fat) // 128), END, 0,
    )  # fmt: skip
    places = [first_fat + i for i in range(count)] + [FREE] * (109 - count)
    return header + struct.pack("<109I", *places) + b"".join(sectors) + table


def _entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
    coded = (name + "\0").encode("utf-16-le")
    return coded.ljust(64, b"\0") + struct.pack(
        "<HBBIII16xI16xIQ", len(coded), kind, 1, NONE, right, child, 0, start if start != NONE else END, size
    )


def stream(name: int, value: str | bytes) -> tuple[str, bytes]:
    """A property of variable length as an entry of a storage."""
    kind, data = ("001F", value.encode("utf-16-le")) if isinstance(value, str) else ("0102", value)
    return f"__substg1.0_{name:04X}{kind}", data


def storage(header_bytes: int, fixed: dict[int, int] | None = None, **more: Tree) -> Tree:
    """A storage with its properties of fixed length, of eight bytes each."""
    rows = b"".join(struct.pack("<IIQ", name << 16 | 0x0040, 6, value) for name, value in (fixed or {}).items())
    return {"__properties_version1.0": b"\0" * header_bytes + rows, **more}


def recipient(kind: int, name: str, address: str) -> Tree:
    return storage(8, {0x0C15: kind}) | dict([stream(0x3001, name), stream(0x39FE, address)])


def attachment(name: str, data: bytes) -> Tree:
    return storage(8) | dict([stream(0x3707, name), stream(0x3701, data)])


def ticks(seconds: float) -> int:
    """A moment as Outlook notes it."""
    return TICKS_AT_1970 + int(seconds * 10_000_000)
