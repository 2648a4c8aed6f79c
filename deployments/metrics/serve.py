"""The process of `mailroom metrics`."""

from __future__ import annotations

import logging
import signal
import threading

from prometheus_client import start_http_server
from prometheus_client.registry import CollectorRegistry

from deployments.metrics.collector import LedgerCollector
from tasks.mailbox.inbox import folder_of
from tasks.settings import Settings
from tasks.settings.metrics import MetricsSettings

log = logging.getLogger("mailroom.metrics")


def serve(settings: MetricsSettings) -> None:
    """Answer scrapes until a signal ends it."""
    ours = Settings.read()
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ours.ledger, folder_of(ours.data_dir), settings.fresh_s))
    server, thread = start_http_server(settings.port, settings.host, registry)
    log.info("Metrics on http://%s:%d/metrics", settings.host, server.server_port)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.shutdown()
    thread.join()
