"""`s3://…` and `gs://…`: one object, or all unread ones under a prefix. Needs the extra `s3` or `gcs`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.files import FileSource
from tasks.mailbox.formats import find_format, read_any
from tasks.mailbox.kinds import Opening, Source
from tasks.mailbox.members import why
from tasks.mailbox.raw import RawMail, shorten
from tasks.mailbox.stores import STORES, FileSystem, as_oserror, open_store, open_stream, why_closed
from tasks.mailbox.unsettled_parts import UnsettledParts

SCHEMES = tuple(STORES)

# Small objects are fetched together, up to this number and size; larger ones are streamed.
FETCHED_OBJECTS = 32
FETCHED_BYTES = 16_000_000
STREAMED_FROM_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An object. `name` is its key relative to the source's prefix."""

    key: str
    name: str
    size_bytes: int
    version: str = ""
    """The generation or the entity tag, which changes with the object; empty where the store has neither."""

    @property
    def place(self) -> str:
        """Its place in the ledger."""
        return shorten(self.name)


@dataclass(kw_only=True, slots=True)
class PrefixSource:
    """Mails of earlier objects that are not done, then new and changed objects under a prefix, in the order of keys.

    An object counts as read when all its mails are on record.
    """

    name: str
    files: Any
    objects: list[Stored]
    opening: Opening
    _unsettled_parts: UnsettledParts[Stored] = field(default_factory=UnsettledParts)

    def count(self) -> None:
        """Return None, because an object's mails are unknown before it is fetched."""

    def read(self) -> Iterator[RawMail]:
        """Yield every object's mails. Every object gives at least one row."""
        yield from self.opening.left_over(self.name)
        before = self.opening.versions_read(self.name)
        unread = [one for one in self.objects if not one.version or before.get(one.place) != one.version]
        for some in split_objects(unread):
            for one, blob in self._fetched(some):
                yield from self._unsettled_parts.watched(one, read_any(blob, self.name))
                self._note(self._unsettled_parts.ended(one))

    def settled(self, places: Iterable[str]) -> None:
        """Note that the mails at these places are on record. Objects whose mails all are will not be read again."""
        self._note(self._unsettled_parts.settled(places))

    def _note(self, done: Iterable[Stored]) -> None:
        versions = {one.place: one.version for one in done if one.version and one not in self._unsettled_parts.troubled}
        if versions:
            self.opening.note_read(self.name, versions)

    def _fetched(self, some: list[Stored]) -> Iterator[tuple[Stored, Blob]]:
        small = [one.key for one in some if one.size_bytes < STREAMED_FROM_BYTES]
        # Not `cat`, which would treat brackets and stars in a key as a pattern.
        fetched = self.files.cat_ranges(small, None, None, on_error="return") if small else []
        contents = dict(zip(small, fetched, strict=True))
        for one in some:
            opener = partial(_open_fetched, contents.pop(one.key)) if one.key in contents else None
            yield one, _blob(self.files, one, opener)


def open_address(address: str, opening: Opening) -> Source:
    """Return the object or the prefix as a source.

    Raises:
        SourceError: It isn't there, is empty or can't be reached; or the library for it is not installed.
    """
    scheme, _, path = address.partition("://")
    name = address.rstrip("/")
    bucket = path.partition("/")[0]
    if not bucket or "@" in bucket:
        # The address is not shown: the part before an @ may be a key.
        raise SourceError(f"an address in a store is `{scheme}://BUCKET/PREFIX`; keys come from the environment")
    try:
        files = open_store(scheme)
        objects = _list_objects(files, path.rstrip("/"))
    except SourceError:
        raise
    except Exception as error:  # any error of the store's library, such as missing credentials or no network
        raise SourceError(f"`{name}` {why_closed(error, scheme, bucket)}") from error
    if not objects:
        raise SourceError(f"`{name}` is empty or not there: no object's key begins so")
    if len(objects) == 1 and objects[0].key == path:
        return _one_object(_blob(files, objects[0], None), name)
    return PrefixSource(name=name, files=files, objects=objects, opening=opening)


def split_objects(objects: list[Stored]) -> Iterator[list[Stored]]:
    """Yield the objects in order, in groups that are fetched together."""
    some: list[Stored] = []
    room = FETCHED_BYTES
    for one in objects:
        if some and (len(some) == FETCHED_OBJECTS or one.size_bytes > room):
            yield some
            some, room = [], FETCHED_BYTES
        some.append(one)
        room -= one.size_bytes
    if some:
        yield some


def _list_objects(files: FileSystem, path: str) -> list[Stored]:
    found = files.find(path, detail=True)
    return [
        Stored(
            key=key,
            name=key.removeprefix(f"{path}/") if key != path else key.rpartition("/")[2],
            size_bytes=int(about["size"] or 0),
            version=str(about.get("generation") or about.get("ETag") or ""),
        )
        for key, about in sorted(found.items())
        if not key.endswith("/")  # an empty object that consoles create for a folder
    ]


def _one_object(blob: Blob, name: str) -> Source:
    try:
        reader = find_format(blob)
        if reader is None:
            raise SourceError(f"`{name}` is neither a mail, an mbox, a table of mails nor an archive of such")
        reader.check(blob)
    except OSError as error:
        raise SourceError(f"`{name}` cannot be read: {why(error)}") from error
    return FileSource(blob=blob, reader=reader, name=name)


def _blob(files: FileSystem, one: Stored, opener: Callable[[], BinaryIO] | None) -> Blob:
    return Blob(
        name=one.name,
        where=f"{files.unstrip_protocol(one.key)}",
        size_bytes=one.size_bytes,
        open=opener or partial(open_stream, files, one.key),
    )


def _open_fetched(content: bytes | Exception) -> BinaryIO:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    raise as_oserror(content) from content
