"""`mailroom watch FOLDER`: takes files that are dropped into a folder, once they are complete."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from watchfiles import awatch

from deployments.inbox.announcer import Announcer
from deployments.watch.dropped import Dropped, list_dropped, may_be_mail
from deployments.watch.settling import Settling
from tasks.errors import SourceError
from tasks.settings.watch import WatchSettings

_TICK_MS = 500
log = logging.getLogger("mailroom.watch")


def check_folder(folder: Path) -> Path:
    """The folder as an absolute path.

    Raises:
        SourceError: It does not exist or is not a folder.
    """
    if not folder.is_dir():
        raise SourceError(f"`{folder}` is no folder that could be watched")
    return folder.resolve()


async def watch_folder(
    folder: Path, dropped: Dropped, settings: WatchSettings, announcer: Announcer, told_to_end: asyncio.Event
) -> None:
    """Put every complete file into the inbox until the event is set. Files that exist already come first."""
    settling = Settling(settings.settle_s)
    rescan_at = 0.0
    log.info("Watching %s.", folder)
    async for changes in awatch(folder, stop_event=told_to_end, rust_timeout=_TICK_MS, yield_on_timeout=True, step=50):
        now = time.monotonic()
        if now >= rescan_at:
            rescan_at = now + settings.rescan_s
            for path in await asyncio.to_thread(lambda: list(list_dropped(folder))):
                settling.touch(path, now)
        for _, name in changes:
            for path in _files_of(Path(name), folder):
                settling.touch(path, now)
        if whole := settling.take_whole(now):
            try:
                taken = await asyncio.to_thread(dropped.take, whole)
            except OSError as error:
                log.warning("The inbox could not take dropped files (%s); they are tried again.", error.strerror)
                rescan_at = now + 10
                continue
            if taken:
                announcer.stored(taken)


def _files_of(changed: Path, folder: Path) -> Iterator[Path]:
    """The changed file if it may be mail. For a new folder, all files in it, which cause no changes themselves."""
    if any(part.startswith(".") for part in changed.relative_to(folder).parts):
        return
    if changed.is_dir():
        yield from list_dropped(changed)
    elif may_be_mail(changed):
        yield changed
