"""Which Prefect server a command uses: the one in PREFECT_API_URL, or the project's own, which it starts."""

from __future__ import annotations

import os
from pathlib import Path

from deployments.local.prefect_env import OF_EVERY_CLIENT, enter, own_environment, past_proxies
from deployments.local.server import Server, ensure_server, is_healthy, running_server
from tasks.errors import Misconfigured

HOME = Path(".mailroom")

# A run's log is in Prefect's UI; the console shows a progress bar and a table.
_QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}


def use_server(*, quiet: bool = True) -> Server:
    """Choose and return the server that this process uses. Call this before Prefect is imported.

    Raises:
        Misconfigured: PREFECT_API_URL names a server that does not answer, or ours does not start.
    """
    return _use_named_server(quiet=quiet) or use_own_server(quiet=quiet)


def use_running_server() -> Server | None:
    """The server this process uses from now on, as `use_server` has it; null where ours is to be used and is not up.

    Raises:
        Misconfigured: PREFECT_API_URL names a server that does not answer.
    """
    named = _use_named_server(quiet=True)
    if named:
        return named
    running = running_server(HOME)
    if running:
        enter({**own_environment(HOME, running.api_url), **_QUIET})
    return running


def _use_named_server(*, quiet: bool) -> Server | None:
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return None
    if not is_healthy(url):
        raise Misconfigured(
            f"No Prefect server answers at `{url}`, which PREFECT_API_URL names. Start it, or unset it."
        )
    os.environ.update({**OF_EVERY_CLIENT, **past_proxies(os.environ), **(_QUIET if quiet else {})})
    return Server(api_url=url)


def use_own_server(*, quiet: bool = True) -> Server:
    """Use the project's own server, which is started if it does not run, regardless of PREFECT_API_URL.

    Raises:
        Misconfigured: It does not start, or its files cannot be written here.
    """
    try:
        server = ensure_server(HOME)
    except OSError as error:
        raise Misconfigured(
            f"A Prefect server of its own cannot be started in `{HOME.absolute()}`: {error.strerror}. Let "
            "PREFECT_API_URL name one that runs, or start this in a folder that can be written."
        ) from error
    enter({**own_environment(HOME, server.api_url), **(_QUIET if quiet else {})})
    return server
