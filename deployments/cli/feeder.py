"""What the commands that feed the inbox share: logging, and the choice of the Prefect server."""

from __future__ import annotations

import os

from deployments.cli.home import HOME
from deployments.local import processes, server
from deployments.local.prefect_env import enter, own_environment
from tasks.logs import set_up_logs


def prepare() -> None:
    """Log to the console, and use the server in PREFECT_API_URL, or else the project's own if it runs.

    No server is started: mail is kept until there is one. Call this before Prefect is imported.
    """
    set_up_logs(console=True)
    if os.environ.get("PREFECT_API_URL"):
        return
    running = processes.recall(HOME, server.NAME)
    if running is not None:
        enter(own_environment(HOME, running.facts["api_url"]))
