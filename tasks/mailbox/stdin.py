"""`-`: one mail, read from stdin."""

from __future__ import annotations

import io
import sys

from tasks.errors import SourceError
from tasks.mailbox import single
from tasks.mailbox.blobs import Blob
from tasks.mailbox.files import FileSource
from tasks.mailbox.kinds import Opening, Source
from tasks.mailbox.raw import read_kept

SCHEMES = ("-",)


def open_address(address: str, opening: Opening) -> Source:
    """Return stdin as a source. It is read to its end here, because it can be read only once."""
    raw, size = read_kept(sys.stdin.buffer)
    if not raw.strip():
        raise SourceError("`-` (stdin) is empty: pipe one mail into it")
    blob = Blob(name="stdin", where="-", size_bytes=size, open=lambda: io.BytesIO(raw))
    return FileSource(blob=blob, reader=single, name="-")
