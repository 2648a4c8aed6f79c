"""`mailroom worker`: executes runs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators

_POOL = "mailroom"  # as in prefect.yaml; deployments/register.py makes it, but importing that would load Prefect here


def worker(
    *,
    limit: Annotated[int | None, Parameter(validator=validators.Number(gte=1))] = None,
    grace_s: Annotated[float, Parameter(validator=validators.Number(gte=0))] = 40.0,
) -> int:
    """Take runs from the work pool `mailroom` and carry them out as processes, until told to end.

    Runs begin in a process that has imported everything, so it is to be started again when the code changes.

    Its health is on port 8080 (PREFECT_WORKER_WEBSERVER_PORT), at /health. Told to end, it lets its runs give back the
    mails they hold.

    Args:
        limit: Runs at a time.
        grace_s: How long runs may take to end; Docker and Kubernetes must wait 20 s longer before they kill.
    """
    import os

    from deployments.cli.feeder import prepare
    from deployments.local.prefect_env import OF_EVERY_CLIENT, OF_WORKERS, past_proxies
    from deployments.worker.serve import serve

    prepare()
    _check_server()
    options = ["--pool", _POOL, "--type", "process", "--with-healthcheck"]
    options += ["--limit", str(limit)] if limit else []
    return serve(options, {**OF_EVERY_CLIENT, **OF_WORKERS, **os.environ, **past_proxies(os.environ)}, grace_s)


def _check_server() -> None:
    """Raise where no server is known; Prefect's own worker would say so in a stack trace."""
    import os

    from tasks.errors import Misconfigured

    if os.environ.get("PREFECT_API_URL"):
        return
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():  # nor does a profile of Prefect's name one
        raise Misconfigured("PREFECT_API_URL names no Prefect server, and none of the project's own runs here.")
