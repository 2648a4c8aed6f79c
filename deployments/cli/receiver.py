"""`mailroom receiver`: accepts mail by HTTP."""

from __future__ import annotations

from deployments.cli.feeder import prepare


def receiver(*, host: str | None = None, port: int | None = None) -> None:
    """Accept mail by webhook and upload, store it durably, and let Prefect start a run for it.

    Args:
        host: Address to listen on; others than loopback require secrets. Default: MAILROOM_RECEIVER_HOST, 127.0.0.1.
        port: Default: MAILROOM_RECEIVER_PORT, 8000.
    """
    prepare()
    from deployments.receiver.serve import serve
    from tasks.settings.receiver import read_receiver_settings

    told = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    serve(read_receiver_settings().model_copy(update=told))
