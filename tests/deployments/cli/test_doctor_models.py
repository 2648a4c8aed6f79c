"""What `mailroom doctor` learns from the models, and what it says of waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from deployments.cli.doctor import doctor
from deployments.cli.reopen import reopen
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import completions
from tasks.providers.event_loop import on_model_loop
from tasks.questions import Link, RateLimits
from tests.tasks.providers.far_side import FarSide, Reply, Request, complaint, good

TRIAGE = {"reason": "It asks to meet.", "category": "MEETING", "needs_reply": True, "complexity": "simple"}
ANSWER = json.dumps(TRIAGE | {"confidence": 90})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, ledger_url: str) -> Iterator[FarSide]:
    far_side = FarSide()
    on_model_loop(far_side.start())
    monkeypatch.setenv("MAILROOM_LEDGER_URL", ledger_url)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    yield far_side
    on_model_loop(far_side.stop())


@pytest.fixture
def openai(server: FarSide, monkeypatch: pytest.MonkeyPatch) -> FarSide:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.port}/v1")
    return server


@pytest.fixture
def findings(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    def findings(**options: Any) -> tuple[int, dict[str, Any]]:
        code = doctor(as_json=True, **options)
        return code, {one["name"]: one for one in json.loads(capsys.readouterr().out)}

    return findings


def test_a_provider_that_is_configured_is_asked_one_question_which_is_booked(openai, findings, ledger_url):
    openai.reply = Reply(body=good("openai", ANSWER))

    code, found = findings()

    assert code == 0
    said = found["Model of openai"]["said"]
    for words in ("`answering-model` answered in", "held to the answer's schema", "it takes pictures", "for $0."):
        assert words in said
    assert "Model of anthropic" not in found
    (request,) = openai.requests
    assert "image/png;base64" in json.dumps(request.body)
    with open_ledger(ledger_url).begin() as connection:
        (call,) = connection.execute(select(completions)).all()
    assert (call.question, call.state, call.input_tokens) == ("doctor", "done", 100)
    assert call.price_nusd


def test_offline_nobody_is_asked(openai, findings):
    code, found = findings(offline=True)
    assert code == 0
    assert found["Key of openai"]["ok"]
    assert "Model of openai" not in found
    assert openai.requests == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(401, complaint("openai", 401, "No.")), "API key"),
        (Reply(404, complaint("openai", 404, "The model `m` does not exist", code="model_not_found")), "OPENAI_MODEL"),
        (Reply(then="hang up first"), "broke the connection off"),
    ],
)
def test_a_provider_that_cannot_answer_is_wrong_and_says_why(openai, findings, reply, words):
    openai.reply = reply
    code, found = findings()
    assert (code, found["Model of openai"]["ok"]) == (1, False)
    assert words in found["Model of openai"]["said"]


def test_one_that_no_run_asks_is_told_and_not_wrong(openai, findings, monkeypatch):
    monkeypatch.setenv("MAILROOM_PROVIDER", "local")
    monkeypatch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{openai.port}/v1")
    monkeypatch.setenv("LOCAL_MODEL", "m")

    def reply(request: Request) -> Reply:
        if request.path == "/props":
            return Reply(body={"total_slots": 4, "default_generation_settings": {"n_ctx": 6_144}})
        if "sk-hidden" in request.headers["authorization"]:
            return Reply(401, complaint("openai", 401, "No."))
        if "image/png" in json.dumps(request.body):
            return Reply(500, complaint("local", 500, "image input is not supported"))
        return Reply(body=good("local", ANSWER))

    openai.reply = reply
    code, found = findings()
    assert (code, found["Model of openai"]["ok"]) == (0, None)
    said = found["Model of local"]["said"]
    for words in (
        "it takes no pictures",
        "4 calls at a time",
        "6,144 tokens of context",
        "held to the answer's schema",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [(f"Sure:\n```json\n{ANSWER}\n```", "had to be put right"), ("hello", "broke the answer's schema")],
)
def test_an_answer_that_did_not_hold_to_its_schema_is_told(openai, findings, answer, words):
    openai.reply = Reply(body=good("openai", answer))
    assert words in findings()[1]["Model of openai"]["said"]


def test_waits_are_shown_and_ended_by_a_command(openai, findings, ledger_url, capsys):
    link = Link(provider="openai", model="gpt-6-luna")
    limits = RateLimits(rpm=600, tpm=600_000)

    async def wait() -> None:
        limiter = LedgerRateLimiter(open_ledger(ledger_url), set_limits=lambda _: limits, usual_limits=lambda _: limits)
        await limiter.turn(link, 1, within_s=10)
        await limiter.heed(link, too_fast=True, wait_s=7_200)

    asyncio.run(wait())
    said = findings(offline=True)[1]["Wait for gpt-6-luna of openai"]["said"]
    assert "120 min" in said
    assert "mailroom reopen openai" in said

    assert reopen("openai") == 0
    assert "1 wait ended" in capsys.readouterr().out
    assert not [name for name in findings(offline=True)[1] if name.startswith("Wait")]
    reopen("openai")
    assert "nothing is being waited for" in capsys.readouterr().out
