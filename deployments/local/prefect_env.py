"""The environment Prefect runs in: its own home, nothing sent outside, and our loggers in its UI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# What every process that runs our flows needs, whoever's server it talks to.
OF_EVERY_CLIENT = {
    "PREFECT_LOGGING_EXTRA_LOGGERS": "mailroom",
    # A server inside the client's process is slow and loses events when the process ends.
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    # Waits of 2, 4, 8 s and so on before a run gives up a server that is away: four minutes, where Prefect's own five
    # retries are one, and a server that is started again takes longer.
    "PREFECT_CLIENT_MAX_RETRIES": "7",
    "DO_NOT_TRACK": "1",
    # Signs of life of a run, in seconds; deployments/register.py makes the automation that misses them.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    # Every thread that works on chunks would get heaps of its own, and Arrow one more: 40 MB in a run of 2,000 mails.
    "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

# Asked for every second instead of every ten, work is begun before a person wonders; an answer costs the server 10 ms.
OF_WORKERS = {"PREFECT_WORKER_QUERY_SECONDS": "1"}

OF_OUR_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # What a second brings in states of task runs is written at once; one by one was half of the server's work.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def own_environment(home: Path, api_url: str, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base` with Prefect bound to the project's own server and to its files under `home`.

    Settings of another Prefect server in `base` (its database, its keys) are left out; those of logging stay.
    """
    kept = {k: v for k, v in base.items() if not k.startswith("PREFECT_") or k.startswith("PREFECT_LOGGING_")}
    ours = {"PREFECT_HOME": str(prefect_home(home)), "PREFECT_API_URL": api_url}
    return {**kept, **past_proxies(kept), **OF_EVERY_CLIENT, **OF_OUR_SERVER, **ours}


def prefect_home(home: Path) -> Path:
    """Where Prefect's own files lie, the server's database among them."""
    return (home / "prefect").absolute()


def past_proxies(base: Mapping[str, str]) -> dict[str, str]:
    """`NO_PROXY` with loopback in it, as HTTP clients ask a proxy even for 127.0.0.1."""
    hosts = [h for h in base.get("NO_PROXY", base.get("no_proxy", "")).split(",") if h]
    value = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))
    return {"NO_PROXY": value, "no_proxy": value}


def enter(environment: Mapping[str, str]) -> None:
    """Make `environment` this process's own; must happen before Prefect is imported, which reads it once."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
