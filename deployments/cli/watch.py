"""`mailroom watch` and `mailroom consume`: take mail that is dropped, delivered or streamed."""

from __future__ import annotations

from pathlib import Path

from deployments.cli.feeder import prepare


def watch(source: str, /) -> None:
    """Take every file dropped into a folder, or tell of every mail that comes into a mailbox, until ended.

    Files stay where they are; each is taken when it has stopped changing. What is there already comes first.

    Args:
        source: A folder, or imap://BLOCK or imap://BLOCK/FOLDER, BLOCK being a Prefect block `Mailbox`.
    """
    prepare()
    from deployments.watch.serve import serve_folder, serve_mailbox

    if source.startswith("imap://"):
        serve_mailbox(source)
    else:
        serve_folder(Path(source).expanduser())


def consume(stream: str, /) -> None:
    """Take the mails of a Redis stream until ended. Start several to share it. MAILROOM_WATCH_REDIS_URL names Redis.

    Args:
        stream: The stream's key. Its entries have a field `raw`, or the columns id, content, sender and subject.
    """
    prepare()
    from deployments.watch.serve import serve_stream

    serve_stream(stream)
