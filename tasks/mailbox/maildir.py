"""One mail a file, in `new` or `cur` (https://cr.yp.to/proto/maildir.html); `tmp` holds what is still being written."""

from __future__ import annotations

import os
import re
from pathlib import Path

# `unique:2,FLAGS`; file systems that have no colon in names take `;` or `!`.
FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")
HELD = ("new", "cur")
OWN = frozenset({"new", "cur", "tmp"})


def is_maildir(folder: Path) -> bool:
    """Return whether the folder is a Maildir."""
    return all((folder / name).is_dir() for name in HELD)


def list_mails(folder: Path) -> dict[str, Path]:
    """Return every mail's path by its unique name, which stays the same when flags change; in the order of names.

    `new` is looked at first, so that a mail that is moved to `cur` meanwhile is met at least once.
    """
    mails: dict[str, Path] = {}
    for held in HELD:
        for name in os.listdir(folder / held):
            path = folder / held / name
            if not name.startswith(".") and path.is_file():
                mails[FLAGS.sub("", name)] = path
    return dict(sorted(mails.items()))


def find_again(folder: Path, unique: str) -> Path | None:
    """Return where a mail lies whose flags changed after it was listed; None when it was deleted."""
    return list_mails(folder).get(unique)
