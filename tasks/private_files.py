"""Creates files and folders for mail. Only their owner may read them, whatever the process's umask is."""

from __future__ import annotations

from pathlib import Path

OWNER_ONLY = 0o600


def make_folder(path: Path, mode: int = OWNER_ONLY) -> None:
    """Create the folder and missing parents. An existing folder keeps its permissions.

    `mode` is that of the files in it: whoever may read them may list the folder.

    Raises:
        OSError: The folder cannot be made.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)  # another process may make it at the same time
        folder.chmod(mode | (mode & 0o444) >> 2)


def make_file(path: Path, mode: int = OWNER_ONLY) -> None:
    """Create an empty file with these permissions, or set the permissions of an existing one.

    Raises:
        OSError: The file cannot be created, or belongs to another user.
    """
    path.touch()
    path.chmod(mode)
