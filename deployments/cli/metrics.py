"""`mailroom metrics`: Prometheus metrics."""

from __future__ import annotations


def metrics(*, host: str | None = None, port: int | None = None) -> None:
    """Serve metrics of the ledger and the inbox to Prometheus until ended.

    Args:
        host: Address to listen on. Default: MAILROOM_METRICS_HOST, 127.0.0.1.
        port: Default: MAILROOM_METRICS_PORT, 8001.
    """
    from deployments.metrics.serve import serve
    from tasks.logs import set_up_logs
    from tasks.settings.metrics import MetricsSettings

    set_up_logs(console=True)
    told = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    serve(MetricsSettings.read().model_copy(update=told))
