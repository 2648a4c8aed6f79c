"""The watchers as processes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from deployments.inbox.announcer import Announcer
from deployments.inbox.feeder import feed
from deployments.inbox.folder import open_inbox
from deployments.inbox.prefect_server import announce_mail
from tasks.errors import Misconfigured
from tasks.ledger.engine import open_ledger
from tasks.settings import Settings
from tasks.settings.inbox import GatherSettings
from tasks.settings.watch import WatchSettings

if TYPE_CHECKING:
    from redis.asyncio import Redis


def serve_folder(folder: Path) -> None:
    """Watch a folder until told to end.

    Raises:
        Misconfigured: It is not there.
    """
    from deployments.watch.dropped import Dropped
    from deployments.watch.folder import check_folder, watch_folder

    ours, settings = Settings.read(), WatchSettings.read()
    inbox = open_inbox(ours.data_dir, ours.ledger)
    dropped = Dropped(open_ledger(ours.ledger), inbox.put, settings.max_file_bytes)
    work = partial(watch_folder, check_folder(folder), dropped, settings)
    feed(lambda: Announcer(GatherSettings.read(), announce_mail, inbox.waiting), work)


def serve_mailbox(address: str) -> None:
    """Watch a mailbox until told to end.

    Raises:
        Misconfigured: The address is none, or Prefect has no such block.
    """
    from deployments.watch.mailbox import WatchedMailbox, watch_mailbox
    from tasks.mailbox.imap.address import join_address, load_mailbox, split_address

    ours, settings = Settings.read(), WatchSettings.read()
    block_name, folder = split_address(address)
    block = load_mailbox(block_name)
    folder = folder or block.folder
    name = join_address(block_name, folder)
    watched = WatchedMailbox(name=name, block=block, folder=folder, engine=open_ledger(ours.ledger))
    announce = partial(announce_mail, source=name, place=f"mailbox.{block_name}")
    feed(
        lambda: Announcer(GatherSettings.read(), announce, watched.waiting),
        partial(watch_mailbox, watched, settings.poll_s),
    )


def serve_stream(stream: str) -> None:
    """Consume a Redis stream until told to end.

    Raises:
        Misconfigured: The extra `redis` is not installed, or the address is none.
    """
    try:
        from deployments.watch.stream import Consumer
    except ImportError as error:
        raise Misconfigured("Redis needs the extra: pip install 'mailroom[redis]'.") from error

    ours = Settings.read()
    inbox = open_inbox(ours.data_dir, ours.ledger)
    consumer = Consumer(redis=_connect(WatchSettings.read().redis_url), stream=stream, put=inbox.put)
    feed(lambda: Announcer(GatherSettings.read(), announce_mail, inbox.waiting), consumer.consume)


def _connect(redis_url: SecretStr) -> Redis:
    from redis.asyncio import Redis

    try:
        return Redis.from_url(redis_url.get_secret_value())
    except ValueError as error:
        # The address is not repeated: it may hold a password.
        raise Misconfigured("MAILROOM_WATCH_REDIS_URL must be like `redis://HOST:6379/0`.") from error
