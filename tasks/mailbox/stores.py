"""Opens the stores of `s3://` and `gs://` through fsspec, and explains their errors.

Credentials come from AWS's usual places, or are Google's application default credentials.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from tasks.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Otherwise instances are shared and cache listings, so that a later run in this process would not see new mail.
_FRESH: Mapping[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
# Files are read in order, a block at a time. By default s3fs fetches 50 MB for the first byte, and gcsfs fetches blocks
# that nobody asks for.
_IN_ORDER: Mapping[str, Any] = {"cache_type": "readahead", "block_size": 4_194_304}
_BUFFERED_BYTES = 65_536


class FileSystem(Protocol):
    """The used part of fsspec's file systems, which have no type hints."""

    def open(self, path: str, mode: str, **options: Any) -> io.BufferedIOBase: ...

    def find(self, path: str, *, detail: bool) -> dict[str, dict[str, Any]]: ...

    def unstrip_protocol(self, name: str) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """A kind of store: the extra that installs its library, and the rights that it needs."""

    extra: str
    open: Callable[[], FileSystem]
    """Returns fsspec's file system."""
    needs: str


def open_store(scheme: str) -> FileSystem:
    """Return fsspec's file system for a scheme of `STORES`. The store is not contacted yet.

    Raises:
        SourceError: Its library is not installed.
    """
    store = STORES[scheme]
    try:
        return store.open()
    except ImportError as error:
        raise SourceError(
            f"`{scheme}://` needs the extra `{store.extra}`: pip install 'mailroom[{store.extra}]'"
        ) from error


def open_stream(files: FileSystem, key: str) -> BinaryIO:
    """Return a stream of an object's bytes. Errors of the store's library are raised as OSError."""
    with _only_oserrors():
        opened = files.open(key, "rb", **_IN_ORDER)
    return io.BufferedReader(_Stream(opened), _BUFFERED_BYTES)


def as_oserror(error: Exception) -> OSError:
    """Return an error about one object as an OSError with a message for people."""
    if isinstance(error, FileNotFoundError):
        return OSError(errno.ENOENT, "it is not there any more")
    return OSError(errno.EIO, f"the store refuses it: {_words(error)}" if _is_refusal(error) else _words(error))


def why_closed(error: Exception, scheme: str, bucket: str) -> str:
    """Return the end of a sentence: why a bucket could not be listed and, after a refusal, which rights are needed."""
    if isinstance(error, FileNotFoundError):
        return f"is not there: no bucket is called `{bucket}`"
    if _is_refusal(error):
        return f"may not be read: {_words(error)}. {STORES[scheme].needs}"
    return f"cannot be read: {type(error).__name__}, {_words(error)}"


class _Stream(io.RawIOBase):
    def __init__(self, opened: io.BufferedIOBase) -> None:
        self._opened = opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with _only_oserrors():
            return self._opened.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int:
        with _only_oserrors():
            return self._opened.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._opened.close()
        super().close()


@contextmanager
def _only_oserrors() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the libraries have their own hierarchies of errors
        raise as_oserror(error) from error


def _open_s3() -> FileSystem:
    from s3fs import S3FileSystem

    files: FileSystem = S3FileSystem(**_FRESH)
    return files


def _open_gcs() -> FileSystem:
    # Not fsspec's default class: before each read it asks by gRPC for the kind of the bucket, and it waits a minute if
    # there is no answer.
    with warnings.catch_warnings():
        # The warning that support for Python 3.11 will end.
        warnings.simplefilter("ignore", FutureWarning)
        from gcsfs.core import GCSFileSystem
    # It logs the stack trace of what it raises.
    logging.getLogger("gcsfs").setLevel(logging.CRITICAL)
    # An emulator has no accounts. Google's own clients read the same variable.
    token = "anon" if os.environ.get("STORAGE_EMULATOR_HOST") else "google_default"
    files: FileSystem = GCSFileSystem(token=token, access="read_only", **_FRESH)
    return files


def _is_refusal(error: Exception) -> bool:
    return (
        isinstance(error, PermissionError)
        or str(error).startswith("Forbidden")  # gcsfs, of status 403
        or getattr(error, "code", None) == 401
        or "Credentials" in type(error).__name__  # credentials are missing or incomplete
    )


def _words(error: Exception) -> str:
    first, _, rest = str(error).partition("\n")
    told = rest if first.startswith("Forbidden") and rest else str(error)
    return " ".join(told.split())[:300].rstrip(".") or type(error).__name__


STORES: Mapping[str, Store] = {
    "s3": Store(
        extra="s3",
        open=_open_s3,
        needs="Keys come from where AWS's tools look for them, and need `s3:ListBucket` and `s3:GetObject`",
    ),
    "gs": Store(
        extra="gcs",
        open=_open_gcs,
        needs="Keys are Google's application default credentials, and need the role Storage Object Viewer",
    ),
}
