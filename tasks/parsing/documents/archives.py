"""Archives: listed, never unpacked; and the check that keeps bombs from formats that are archives inside."""

import io
import tarfile
import zipfile

from tasks.parsing.documents.found import Bounds, DocumentContent, NotOpened

SHOWN = 100


def read(data: bytes, bounds: Bounds) -> DocumentContent:
    """Return what is inside: a line an entry, with its size."""
    entries = zip_entries(data, bounds) if data.startswith(b"PK") else tar_entries(data, bounds)
    lines = [f"{name} ({size:,} bytes)" for name, size in entries[:SHOWN]]
    if len(entries) > SHOWN:
        lines.append(f"and {len(entries) - SHOWN:,} more")
    return DocumentContent(text="\n".join(lines), listing=True)


def zip_entries(data: bytes, bounds: Bounds) -> list[tuple[str, int]]:
    return [(entry.filename, entry.file_size) for entry in directory(data, bounds)]


def directory(data: bytes, bounds: Bounds) -> list[zipfile.ZipInfo]:
    """Return a ZIP's entries."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, IndexError, UnicodeError) as failure:
        raise NotOpened("damaged: no reader of ZIP opens it") from failure
    if len(entries) > bounds.entries:
        raise NotOpened(f"{len(entries):,} entries inside, more than the {bounds.entries:,} that are looked at")
    return entries


def check_unpacked(data: bytes, bounds: Bounds) -> None:
    """Raise `NotOpened` where the contents are too much to unpack; a ZIP's reader stops at the sizes it states."""
    entries = directory(data, bounds)
    if any(entry.flag_bits & 1 for entry in entries):
        raise NotOpened("locked with a password")
    size = sum(entry.file_size for entry in entries)
    if size > bounds.unpacked_bytes:
        raise NotOpened(f"{size:,} bytes unpacked, more than the {bounds.unpacked_bytes:,} that are read")


def tar_entries(data: bytes, bounds: Bounds) -> list[tuple[str, int]]:
    """Return a TAR's entries, packed or not; those read so far where it goes on past the bounds."""
    entries: list[tuple[str, int]] = []
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as tar:
            for entry in tar:
                entries.append((entry.name, entry.size))
                size += entry.size
                if len(entries) >= bounds.entries or size > bounds.unpacked_bytes:
                    break
    except (tarfile.TarError, OSError, EOFError, ValueError, UnicodeError) as failure:
        if not entries:
            raise NotOpened("a packed file, not unpacked") from failure
    return entries
