"""Keeps Prefect's newer UI from sending a request to an analytics host, which no setting switches off.

A Content-Security-Policy in its pages makes the browser refuse it: pages may connect only to their own server and to
this machine. Delete this module when the UI no longer sends the request.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

# Loopback by both names: a page opened as `localhost` uses the API at 127.0.0.1.
_SOURCES = "'self' http://127.0.0.1:* http://localhost:* ws://127.0.0.1:* ws://localhost:*"
POLICY = f'<meta http-equiv="Content-Security-Policy" content="connect-src {_SOURCES}">'


def keep_quiet(pages: Path) -> None:
    """Write the policy into the start page of the UI in this folder, if there is such a page without it."""
    index = pages / "index.html"
    if not index.exists() or POLICY in (text := index.read_text(encoding="utf-8")):
        return
    part = index.with_suffix(".part")
    part.write_text(text.replace("<head>", f"<head>\n    {POLICY}", 1), encoding="utf-8")
    part.replace(index)


def served_pages() -> Path:
    """The folder with the pages that a server serves. It fills the folder when it first starts."""
    return _of_prefect("ui_v2_build")


def packed_pages() -> Path:
    """The folder from which a server copies its pages when it first starts."""
    return _of_prefect("ui-v2")


def _of_prefect(folder: str) -> Path:
    found = find_spec("prefect")  # importing it takes a second and would freeze its settings
    assert found
    assert found.origin
    return Path(found.origin).parent / "server" / folder


if __name__ == "__main__":  # used when an image is built
    keep_quiet(packed_pages())
