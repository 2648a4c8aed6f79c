"""`s3://…` and `gs://…`: one object, or all under a prefix, through fsspec; needs the extra `s3` or `gcs`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.files import FileSource
from tasks.mailbox.formats import find_format, read_any
from tasks.mailbox.kinds import Opening, Source
from tasks.mailbox.raw import RawMail

SCHEMES = ("s3", "gs")
EXTRAS = {"s3": "s3", "gs": "gcs"}

# Objects of ordinary size are fetched together, so many at a time and so many bytes; larger ones are streamed.
FETCHED_OBJECTS = 32
FETCHED_BYTES = 16_000_000
STREAMED_FROM_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An object; `name` is its key under the prefix that was asked for."""

    key: str
    name: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PrefixSource:
    """All objects under a prefix, in the order of their keys."""

    name: str
    store: Any
    objects: list[Stored]

    def count(self) -> None:
        """Return None: what an object holds is not known before it is fetched."""

    def read(self) -> Iterator[RawMail]:
        """Give every object's mails; every object gives at least one row."""
        for some in split_objects(self.objects):
            for blob in self._fetched(some):
                yield from read_any(blob, self.name)

    def _fetched(self, some: list[Stored]) -> Iterator[Blob]:
        small = [one.key for one in some if one.size_bytes < STREAMED_FROM_BYTES]
        # Not `cat`, which takes the brackets and stars of a key for a pattern.
        fetched = self.store.cat_ranges(small, None, None, on_error="return") if small else []
        contents = dict(zip(small, fetched, strict=True))
        for one in some:
            opener = partial(_open_fetched, contents.pop(one.key)) if one.key in contents else None
            yield _blob(self.store, one, opener)


def open_address(address: str, opening: Opening) -> Source:
    """Return the object or the prefix as a source.

    Raises:
        SourceError: It isn't there, is empty or can't be reached; or the library for it is not installed.
    """
    scheme, _, rest = address.partition("://")
    name = address.rstrip("/")
    bucket = rest.partition("/")[0]
    if not bucket or "@" in bucket:
        # Not repeated: what stands before an @ may be a key.
        raise SourceError(f"an address in a store is `{scheme}://BUCKET/PREFIX`; keys come from the environment")
    try:
        store, path = _open_store(address, scheme)
        objects = _list_objects(store, path.rstrip("/"))
    except SourceError:
        raise
    except Exception as error:  # whatever the store's own library raises, from no credentials to no network
        raise SourceError(f"`{name}` cannot be read: {type(error).__name__}, {_first_line(error)}") from error
    if not objects:
        raise SourceError(f"`{name}` is empty or not there: no object's key begins so")
    if len(objects) == 1 and objects[0].key == path:
        return _one_object(_blob(store, objects[0], None), name)
    return PrefixSource(name=name, store=store, objects=objects)


def split_objects(objects: list[Stored]) -> Iterator[list[Stored]]:
    """Give the objects in their order, as many at a time as are fetched together."""
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


def _open_store(address: str, scheme: str) -> tuple[Any, str]:
    try:
        import fsspec

        # Its instances are shared and remember listings, so that a later run in this process would not see new mail.
        store, path = fsspec.url_to_fs(address, use_listings_cache=False, skip_instance_cache=True)
    except ImportError as error:
        extra = EXTRAS[scheme]
        raise SourceError(f"`{scheme}://` needs the extra `{extra}`: pip install 'mailroom[{extra}]'") from error
    return store, path


def _list_objects(store: Any, path: str) -> list[Stored]:
    found = store.find(path, detail=True)
    return [
        Stored(
            key=key,
            name=key.removeprefix(f"{path}/") if key != path else key.rpartition("/")[2],
            size_bytes=int(about["size"] or 0),
        )
        for key, about in sorted(found.items())
        if not key.endswith("/")  # what consoles put there to show a folder
    ]


def _one_object(blob: Blob, name: str) -> Source:
    reader = find_format(blob)
    if reader is None:
        raise SourceError(f"`{name}` is neither a mail, an mbox, a table of mails nor an archive of such")
    reader.check(blob)
    return FileSource(blob=blob, reader=reader, name=name)


def _blob(store: Any, one: Stored, opener: Any) -> Blob:
    return Blob(
        name=one.name,
        where=f"{store.unstrip_protocol(one.key)}",
        size_bytes=one.size_bytes,
        open=opener or partial(store.open, one.key, "rb"),
    )


def _open_fetched(content: bytes | Exception) -> BinaryIO:
    if isinstance(content, bytes):
        return io.BytesIO(content)
    raise OSError(f"{type(content).__name__}, {_first_line(content)}") from content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200]
