"""The processes of `mailroom watch` and `mailroom consume`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from deployments.inbox.announcer import Announcer
from deployments.inbox.feeder import feed
from deployments.inbox.folder import open_inbox
from deployments.inbox.prefect_server import announce_mail
from deployments.inbox.resting import rest_of
from tasks.ledger.engine import open_ledger
from tasks.mailbox.inbox import NAME as INBOX
from tasks.settings import Settings
from tasks.settings.inbox import GatherSettings
from tasks.settings.watch import WatchSettings


def serve_folder(folder: Path) -> None:
    """Watch a folder until a signal ends it.

    Raises:
        Misconfigured: The folder does not exist.
    """
    from deployments.watch.dropped import Dropped
    from deployments.watch.folder import check_folder, watch_folder

    ours, settings = Settings.read(), WatchSettings.read()
    inbox = open_inbox(ours.data_dir, ours.ledger)
    dropped = Dropped(open_ledger(ours.ledger), inbox.put, settings.max_file_bytes)
    work = partial(watch_folder, check_folder(folder), dropped, settings)
    feed(partial(_announcer, announce_mail, inbox.waiting), work)


def serve_mailbox(address: str) -> None:
    """Watch a mailbox until a signal ends it.

    Raises:
        Misconfigured: The address is invalid, or Prefect has no such block.
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
    feed(partial(_announcer, announce, watched.waiting, name), partial(watch_mailbox, watched, settings.poll_s))


def serve_queue(address: str) -> None:
    """Consume a queue until a signal ends it.

    Raises:
        Misconfigured: The extra for its kind is not installed, or the address is invalid.
    """
    from deployments.watch.queues.addresses import open_queue, read_address
    from deployments.watch.queues.consumer import Consumer

    ours, settings = Settings.read(), WatchSettings.read()
    queue = open_queue(read_address(address, settings.broker_url.get_secret_value()))
    inbox = open_inbox(ours.data_dir, ours.ledger)
    consumer = Consumer(queue=queue, put=inbox.put, max_bytes=settings.max_file_bytes)
    feed(partial(_announcer, announce_mail, inbox.waiting), consumer.consume)


def _announcer(
    announce: Callable[[int], Awaitable[None]], waiting: Callable[[], int], source: str = INBOX
) -> Announcer:
    settings = GatherSettings.read()
    return Announcer(settings, announce, waiting, partial(rest_of, source, settings.rest_most_s))
