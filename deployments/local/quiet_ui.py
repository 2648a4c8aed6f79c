"""Prefect's newer UI without the one request it makes outside, which no setting ends.

Each of its pages asks an analytics host for that host's configuration. A Content-Security-Policy in the page has the
browser refuse it: pages may ask the server they came from and this machine, and nobody else. To be deleted when the UI
asks nobody by itself.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

# Loopback by either name: a page opened as `localhost` asks the API at 127.0.0.1.
_SOURCES = "'self' http://127.0.0.1:* http://localhost:* ws://127.0.0.1:* ws://localhost:*"
POLICY = f'<meta http-equiv="Content-Security-Policy" content="connect-src {_SOURCES}">'


def keep_quiet(pages: Path) -> None:
    """Write the policy into the first page of the UI in this folder, unless it is there or there is no such UI."""
    index = pages / "index.html"
    if not index.exists() or POLICY in (text := index.read_text(encoding="utf-8")):
        return
    part = index.with_suffix(".part")
    part.write_text(text.replace("<head>", f"<head>\n    {POLICY}", 1), encoding="utf-8")
    part.replace(index)


def served_pages() -> Path:
    """Where a server of this installation puts the pages it serves, when it starts for the first time."""
    return _of_prefect("ui_v2_build")


def packed_pages() -> Path:
    """Where the pages lie that a server copies when it starts for the first time."""
    return _of_prefect("ui-v2")


def _of_prefect(folder: str) -> Path:
    found = find_spec("prefect")  # importing it takes a second, and would fix its settings
    assert found
    assert found.origin
    return Path(found.origin).parent / "server" / folder


if __name__ == "__main__":  # when an image is made
    keep_quiet(packed_pages())
