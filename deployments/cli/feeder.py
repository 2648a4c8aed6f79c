"""What the commands that feed the inbox have in common: their log, and the Prefect server they tell."""

from __future__ import annotations

import os

from deployments.cli.home import HOME
from deployments.local import processes, server
from deployments.local.prefect_env import enter, own_environment
from tasks.logs import set_up_logs


def prepare() -> None:
    """Log to the console, and talk to the server PREFECT_API_URL names, or else to the project's own where it runs.

    None is started: mail is kept until there is one. To be called before Prefect is imported.
    """
    set_up_logs(console=True)
    if os.environ.get("PREFECT_API_URL"):
        return
    running = processes.recall(HOME, server.NAME)
    if running is not None:
        enter(own_environment(HOME, running.facts["api_url"]))
