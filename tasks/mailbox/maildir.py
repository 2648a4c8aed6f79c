"""Maildir: one file for each mail, in `new` or `cur` (https://cr.yp.to/proto/maildir.html); `tmp` is for deliveries."""

from __future__ import annotations

import os
import re
from pathlib import Path

# `unique:2,FLAGS`; `;` or `!` on file systems that do not allow colons in names.
FLAGS = re.compile(r"[:;!]2,[A-Za-z]*$")
HELD = ("new", "cur")
OWN = frozenset({"new", "cur", "tmp"})


def is_maildir(folder: Path) -> bool:
    """Return whether the folder is a Maildir."""
    return all((folder / name).is_dir() for name in HELD)


def list_mails(folder: Path) -> dict[str, Path]:
    """Return every mail's path by its unique name, which does not change with the flags, in the order of names.

    `new` is listed first, so that a mail that is moved to `cur` meanwhile is seen at least once.
    """
    mails: dict[str, Path] = {}
    for held in HELD:
        for name in os.listdir(folder / held):
            path = folder / held / name
            if not name.startswith(".") and path.is_file():
                mails[FLAGS.sub("", name)] = path
    return dict(sorted(mails.items()))


def find_again(folder: Path, unique: str) -> Path | None:
    """Return the path of a mail whose flags changed after it was listed; None if it was deleted."""
    return list_mails(folder).get(unique)
