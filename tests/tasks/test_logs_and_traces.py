"""A run's logs as JSON and its traces, in a process that is set up as a worker's are."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.logs import LOGGERS, LogSettings, set_up_logs

ROOT = Path(__file__).resolve().parents[2]
FLOW = """
import logging
import flows
from prefect import flow, task

@task
def chunk(secret):
    logging.getLogger("mailroom.understand").info("read", extra={"message_key": "abc"})

@flow(name="logged")
def logged(secret):
    logging.getLogger("mailroom.ingest").info("began")
    chunk.submit(secret).result()

logged("a value nobody may see")
"""


class Collector(BaseHTTPRequestHandler):
    """Takes what an OTLP exporter sends."""

    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.bodies.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        return


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    handler = type("Handler", (Collector,), {"bodies": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces", handler.bodies
    server.shutdown()


def run(**environment: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, "-c", FLOW], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_json_lines_name_run_chunk_and_mail_and_the_run_is_one_trace_without_values(prefect_server, collector):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    endpoint, bodies = collector
    lines = [json.loads(line) for line in run(MAILROOM_LOG_FORMAT="json", MAILROOM_OTEL_ENDPOINT=endpoint).splitlines()]
    by_logger = {line["logger"]: line for line in lines}
    run_id = by_logger["mailroom.ingest"]["flow_run_id"]
    assert sum(line["message"] == "began" for line in lines) == 1
    read = by_logger["mailroom.understand"]
    assert (read["flow_run_id"], read["message_key"]) == (run_id, "abc")
    assert read["task_run_name"].startswith("chunk")
    assert by_logger["prefect.flow_runs"]["flow_run_id"] == run_id
    spans = spans_of(bodies)
    assert len({span.trace_id for span in spans}) == 1
    assert any(span.name.startswith("chunk") for span in spans)
    assert not any(b"nobody may see" in body for body in bodies)


def spans_of(bodies: list[bytes]) -> list[Any]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    return [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_without_the_setting_prefects_own_console_is_left_alone():
    before = {name: list(logging.getLogger(name).handlers) for name in LOGGERS}
    set_up_logs(LogSettings())
    assert {name: logging.getLogger(name).handlers for name in LOGGERS} == before
