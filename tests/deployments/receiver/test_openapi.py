"""Whatever is posted, the receiver answers as its description says, and never with a server error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks as openapi_checks
from starlette.testclient import TestClient

from deployments.inbox.folder import Inbox
from deployments.receiver.app import make_app
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.schemas.BaseSchema]:
    folder = tmp_path_factory.mktemp("receiver")

    def put(raw: bytes, name: str) -> Path:
        (folder / name).write_bytes(raw)  # unsynced: many hundred posts
        return folder / name

    async def announce(_mails: int) -> None:
        return None

    inbox = Inbox(folder=folder, put=put, waiting=lambda: 0)
    unhurried = ReceiverSettings(rate_per_s=100_000, rate_burst=100_000)
    app = make_app(unhurried, GatherSettings(), inbox, f"sqlite:///{folder / 'ledger.db'}", announce)
    with TestClient(app):
        yield schemathesis.openapi.from_asgi("/openapi.json", app)


CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/webhooks/mail"),
    ("POST", "/upload"),
    ("GET", "/runs/{run_id}"),
    ("GET", "/deliveries/{delivery}"),
    ("GET", "/mails/{key}/record"),
    ("GET", "/health"),
    ("GET", "/ready"),
]


def test_every_operation_is_tried(description):
    found = [(operation.ok().method.upper(), operation.ok().path) for operation in description.get_all_operations()]
    assert sorted(found) == sorted(OPERATIONS)


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [(*operation, GenerationMode.POSITIVE) for operation in OPERATIONS]
    # The others take no input that could be wrong.
    + [(*operation, GenerationMode.NEGATIVE) for operation in OPERATIONS[:5]],
)
def test_no_request_is_answered_with_a_fault_or_against_the_description(description, method, path, mode):
    @settings(max_examples=40, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=description[path][method].as_strategy(generation_mode=mode))
    def hold(case: schemathesis.Case) -> None:
        answer = case.call(headers={"host": "localhost"})
        if path.startswith("/runs/") and answer.status_code == 503:
            return  # no Prefect server is there to be asked
        case.validate_response(answer, checks=CHECKS)

    hold()
