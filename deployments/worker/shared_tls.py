"""One TLS context for all of Prefect's clients in a process.

Prefect makes a context for each client, and reads some 140 certificates for it each time, which takes 30 ms; a worker
and a run make seven clients before the first question. Contexts are meant to be shared. To be deleted when Prefect
shares them.
"""

from __future__ import annotations

import ssl
from functools import cache
from types import SimpleNamespace

from prefect._internal import version_checking
from prefect.client import orchestration


def share_tls() -> None:
    """Let Prefect's modules that make clients keep the context of each certificate file."""
    shared = SimpleNamespace(**{**vars(ssl), "create_default_context": cache(ssl.create_default_context)})
    for module in (orchestration, version_checking):
        setattr(module, "ssl", shared)  # noqa: B010  # no other code in the process sees it
