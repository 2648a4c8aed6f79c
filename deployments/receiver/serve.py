"""The receiver as a process. It listens until a signal ends it, and then finishes what it has accepted."""

from __future__ import annotations

import logging
import signal
import sys
from functools import partial

from deployments.inbox.folder import open_inbox
from deployments.inbox.prefect_server import announce_mail
from deployments.inbox.resting import rest_of
from deployments.receiver.app import make_app
from tasks.mailbox.inbox import NAME as INBOX
from tasks.settings import Settings
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings

_GRACE_S = 20
_HEADER_BYTES = 32_768  # all headers of a request together
log = logging.getLogger("mailroom.receiver")


def serve(settings: ReceiverSettings) -> None:
    """Run the receiver. Return after a signal, when every accepted post is on disk.

    Raises:
        Misconfigured: The receiver would be open to anybody without a secret.
    """
    import uvicorn

    from deployments.receiver.connections import Connections, GuardedProtocol, GuardedServer

    ours = Settings.read()
    gathering, inbox = GatherSettings.read(), open_inbox(ours.data_dir, ours.ledger)
    rest = partial(rest_of, INBOX, gathering.rest_most_s)
    app = make_app(settings, gathering, inbox, ours.ledger, announce_mail, rest)
    log.info("Receiving on http://%s:%d", settings.host, settings.port)
    # uvicorn ends in order on SIGTERM, but then sends it to itself again and dies of it. This exits with 0 instead.
    signal.signal(signal.SIGTERM, lambda *_: None)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, timeout_graceful_shutdown=_GRACE_S, access_log=False,
        http=partial(GuardedProtocol, Connections(settings.trusted_proxies)),  # type: ignore[arg-type]  # it makes one
        ws="none", h11_max_incomplete_event_size=_HEADER_BYTES,
        forwarded_allow_ips=list(settings.trusted_proxies), log_config=None, server_header=False,
    )  # fmt: skip
    server = GuardedServer(config)
    server.run()
    if not server.started:
        sys.exit(1)  # uvicorn has logged why
