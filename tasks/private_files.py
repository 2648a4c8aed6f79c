"""Files and folders that hold mail: nobody but their owner may read them, whatever the process's umask says."""

from __future__ import annotations

from pathlib import Path

OWNER_ONLY = 0o600


def make_folder(path: Path, mode: int = OWNER_ONLY) -> None:
    """Make the folder and those above it that are missing; a folder that is there keeps its rights.

    `mode` is that of the files in it: whoever may read them may list the folder.

    Raises:
        OSError: The folder cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)  # another process may make it at the same time
        folder.chmod(mode | (mode & 0o444) >> 2)


def make_file(path: Path, mode: int = OWNER_ONLY) -> None:
    """Make the file with these rights, empty, or set the rights of the file that is there.

    Raises:
        OSError: The file cannot be made, or belongs to somebody else.
    """
    path.touch()
    path.chmod(mode)
