"""`mailroom watch` and `mailroom consume`: take mail from a folder, a mailbox or a queue."""

from __future__ import annotations

from pathlib import Path

from deployments.cli.feeder import prepare


def watch(source: str, /) -> None:
    """Take every file dropped into a folder, or announce every new mail in a mailbox, until ended.

    Files stay where they are. Each is taken when it has stopped changing; those that are there already come first.

    Args:
        source: A folder, imap://BLOCK or imap://BLOCK/FOLDER. BLOCK is a Prefect block `Mailbox`.
    """
    prepare()
    from deployments.watch.serve import serve_folder, serve_mailbox

    if source.startswith("imap://"):
        serve_mailbox(source)
    else:
        serve_folder(Path(source).expanduser())


def consume(queue: str, /) -> None:
    """Take the mails of a queue, stream or topic until ended. Several processes can share it.

    An entry is a mail's bytes, or JSON with content, sender and subject. Other entries are set apart beside the queue.

    Args:
        queue: redis://HOST/0/STREAM, amqp://HOST/VHOST/QUEUE, nats://HOST/STREAM (JetStream) or kafka://HOST/TOPIC; or
            a name alone, at the broker that MAILROOM_WATCH_BROKER_URL names, where a password belongs.
    """
    prepare()
    from deployments.watch.serve import serve_queue

    serve_queue(queue)
