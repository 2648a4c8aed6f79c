"""A `.zip` of mails, mboxes and tables, read member by member; nothing is unpacked onto the disk."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob, encodable
from tasks.mailbox.members import MEMBER_FORMATS, read_among
from tasks.mailbox.raw import RawMail, no_mail

SUFFIX = ".zip"
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")

# A zip bomb is recognised by the archive's directory: a member never gives more bytes than it announces there. Mail
# rarely compresses to a tenth, and never to a hundredth. A file that is small when unpacked is no bomb.
MEMBERS = 200_000
RATIO = 200
HARMLESS_BYTES = 64_000_000

# Errors of a damaged, encrypted or unusual member.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError, ValueError)


def claims(blob: Blob, head: bytes) -> bool:
    """Return whether its name ends in .zip, or it is a zip without a suffix (a .docx is a zip as well)."""
    return blob.suffix == SUFFIX or (not blob.suffix and head.startswith(MAGIC))


def check(blob: Blob) -> None:
    """Check the archive.

    Raises:
        SourceError: It is damaged, empty, has too many files, or looks like a zip bomb.
    """
    try:
        with blob.open() as stream, zipfile.ZipFile(stream) as archive:
            members = _files_in(archive)
    except BROKEN as error:
        raise SourceError(f"`{blob.where}` is no zip archive, or a damaged one") from error
    if not members:
        raise SourceError(f"`{blob.where}` is an archive with no file in it")
    if len(members) > MEMBERS:
        raise SourceError(f"`{blob.where}` has {len(members):,} files in it; at most {MEMBERS:,} are read: split it")
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(HARMLESS_BYTES, RATIO * blob.size_bytes):
        raise SourceError(
            f"`{blob.where}` would unpack to {unpacked:,} bytes, {unpacked // blob.size_bytes:,} times its size, "
            f"as no archive of mails does; unpack it yourself if you trust it"
        )


def count(blob: Blob) -> None:
    """Return None, as a member may hold many mails."""


def read(blob: Blob, source: str) -> Iterator[RawMail]:
    """Yield every member's mails, in the archive's order. A member without mails, or an unreadable one, gives a row."""
    with blob.open() as stream, zipfile.ZipFile(stream) as archive:
        for member in _files_in(archive):
            yield from _read_member(archive, member, blob.name, source)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, source: str) -> Iterator[RawMail]:
    inner = Blob(
        name=f"{name}/{encodable(member.filename)}",
        where=f"{name}/{encodable(member.filename)}",
        size_bytes=member.file_size,
        open=partial(_open_member, archive, member),
    )
    try:
        if member.file_size and claims(inner, inner.head()):
            yield no_mail(
                inner.name,
                source,
                f"`{inner.name}` is an archive inside an archive, which is not opened",
                size_bytes=member.file_size,
            )
        else:
            yield from read_among(inner, source, MEMBER_FORMATS)
    except BROKEN as error:
        locked = " (it is locked with a password)" if member.flag_bits & 1 else ""
        yield no_mail(
            inner.name,
            source,
            f"`{inner.name}` cannot be unpacked{locked}: {type(error).__name__}",
            size_bytes=member.file_size,
        )


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, archive.open(member))  # typed as IO[bytes], which is the same


def _files_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [member for member in archive.infolist() if not member.is_dir()]
