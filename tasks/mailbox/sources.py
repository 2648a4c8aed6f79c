"""Finds the reader for a path, by its content, or for an address, by its scheme."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import tasks.mailbox
from tasks.errors import SourceError
from tasks.mailbox.blobs import encodable, of_path
from tasks.mailbox.files import FileSource
from tasks.mailbox.folder import open_folder
from tasks.mailbox.formats import find_format
from tasks.mailbox.kinds import Opening, Source
from tasks.mailbox.members import why

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):(//)?")

OpenAddress = Callable[[str, Opening], Source]


def open_source(address: str, opening: Opening = Opening()) -> Source:
    """Return the source at a path, or at an address such as `imap://work/INBOX`. It is not read yet.

    Raises:
        SourceError: It does not exist, is empty, or lacks something that it needs.
    """
    if not address.strip() or "\0" in address:
        raise SourceError("no source was named: give a file, a folder, or an address")
    if address == "-":
        return openers()["-"](address, opening)
    path = Path(address).expanduser()
    named = ADDRESS.match(address)
    if named and not os.path.lexists(path):
        opener = openers().get(named[1])
        if opener:
            return opener(address, opening)
        if named[2]:
            known = ", ".join(f"`{scheme}:`" for scheme in sorted(openers()) if scheme != "-")
            raise SourceError(f"`{named[1]}://` is no kind of source; there are paths, `-` for stdin, and {known}")
    return _open_path(path)


def _open_path(path: Path) -> Source:
    name = encodable(os.path.abspath(path))
    try:
        if path.is_dir():
            return open_folder(path, name)
        blob = of_path(path)
        if not path.is_file():
            raise SourceError(f"`{name}` is no file but a device or a pipe; give a pipe to `-`")
        reader = find_format(blob)
    except FileNotFoundError as error:
        raise SourceError(f"`{name}` is not there") from error
    except OSError as error:
        raise SourceError(f"`{name}` cannot be read: {why(error)}") from error
    if blob.size_bytes == 0:
        raise SourceError(f"`{name}` is an empty file")
    if reader is None:
        raise SourceError(f"`{name}` is neither a mail, an mbox, a table of mails nor an archive of such")
    reader.check(blob)
    return FileSource(blob=blob, reader=reader, name=name)


@cache
def openers() -> Mapping[str, OpenAddress]:
    """Return the functions that open addresses, by scheme, from every module of this package with `SCHEMES`."""
    modules = [
        importlib.import_module(f"{tasks.mailbox.__name__}.{found.name}")
        for found in pkgutil.iter_modules(tasks.mailbox.__path__)
    ]
    return {scheme: module.open_address for module in modules for scheme in getattr(module, "SCHEMES", ())}
