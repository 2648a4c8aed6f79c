"""OpenTelemetry traces of runs, where MAILROOM_OTEL_ENDPOINT names a collector: flow, tasks and calls as one trace.

Prefect makes the spans; they hold names, ids, tags and the types of parameters, never values. Without the setting no
provider is set and nothing is sent.
"""

from __future__ import annotations

import functools

from tasks.errors import Misconfigured
from tasks.settings.observing import TraceSettings


@functools.cache
def set_up_traces() -> None:
    """Send spans to the endpoint that the settings name; to be called before the first flow begins.

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
    trace.set_tracer_provider(provider)  # what is not sent yet when the process ends is sent then
