"""OpenTelemetry traces of runs, sent to the collector in MAILROOM_OTEL_ENDPOINT: flow, tasks and calls in one trace.

Prefect makes the spans. They have names, ids, tags and the types of parameters, never values. Without the setting,
nothing is sent.
"""

from __future__ import annotations

import functools

from tasks.errors import Misconfigured
from tasks.settings.observing import TraceSettings


@functools.cache
def set_up_traces() -> None:
    """Send spans to the endpoint in the settings. Call this before the first flow begins.

    Raises:
        Misconfigured: An endpoint is set but the extra is not installed.
    """
    settings = TraceSettings.read()
    if not settings.endpoint:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise Misconfigured(
            "MAILROOM_OTEL_ENDPOINT is set, which needs the extra: pip install 'mailroom[otel]'"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": settings.service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint)))
    trace.set_tracer_provider(provider)  # sends the remaining spans when the process ends
