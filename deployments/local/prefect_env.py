"""The environment variables for Prefect: its own home, no telemetry, and our loggers in its UI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

HEARTBEAT_S = 30
"""Seconds between two signs of life of a run; the least that Prefect allows."""
SILENCE_S = 180
"""A run that gave none for so long is dead: longer than an outage of a minute, with the heartbeats around it."""

# Needed by every process that runs our flows, whichever server it uses.
OF_EVERY_CLIENT = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "mailroom",
    # A server within the client's process is slow and loses events at the process's end.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # Retries after 2, 4, 8 s and so on, four minutes in total, while the server is unavailable. Prefect's default of
    # five retries takes one minute, which is shorter than a restart of the server.
    "PREFECT_CLIENT_MAX_RETRIES": "7",
    "DO_NOT_TRACK": "1",
    # deployments/register.py creates the automation that reacts to missing ones.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S),
    # Otherwise every thread that processes chunks has its own heaps, and Arrow one more: 40 MB for 2,000 mails.
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

# Asked for twice a second, not every ten, work is begun before a person wonders.
# One more question a second costs the server 4 % of a core.
OF_WORKERS = {"PREFECT_WORKER_QUERY_SECONDS": "0.5"}

OF_OUR_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # States of task runs are written once a second together; one by one took half of the server's CPU time.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def own_environment(home: Path, api_url: str, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base`, with Prefect's settings for the project's own server and its files under `home`.

    Settings in `base` for another Prefect server (its database, its keys) are removed; those for logging are kept.
    """
    kept = {k: v for k, v in base.items() if not k.startswith("PREFECT_") or k.startswith("PREFECT_LOGGING_")}
    ours = {"PREFECT_HOME": str(prefect_home(home)), "PREFECT_API_URL": api_url}
    return {**kept, **past_proxies(kept), **OF_EVERY_CLIENT, **OF_OUR_SERVER, **ours}


def prefect_home(home: Path) -> Path:
    """The folder for Prefect's own files, including the server's database."""
    return (home / "prefect").absolute()


def past_proxies(base: Mapping[str, str]) -> dict[str, str]:
    """`NO_PROXY` with the loopback addresses, because HTTP clients use a proxy even for 127.0.0.1."""
    hosts = [h for h in base.get("NO_PROXY", base.get("no_proxy", "")).split(",") if h]
    value = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}


def enter(environment: Mapping[str, str]) -> None:
    """Set this process's environment variables. Call this before Prefect is imported, which reads them once."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
