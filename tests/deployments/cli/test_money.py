"""`mailroom costs` and `mailroom estimate`, for people and for programs."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deployments.cli.costs import costs
from deployments.cli.estimate import estimate
from tasks.errors import SourceError
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.questions import RawAnswer, Usage
from tasks.report.costs import costs_text
from tasks.settings import read_settings

SAMPLES = Path(__file__).resolve().parents[3] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def engine() -> Any:
    """The operator's ledger with two calls in it, one of a model whose price is not known."""
    engine = open_ledger(read_settings().ledger)

    async def ask() -> None:
        book = LedgerBook(engine, run_id="run", ttl_s=60)
        for model, price in (("gpt-6-luna", Decimal("0.0012")), ("<b>house</b>", None)):
            call = await book.begin(
                model, message_key="m", question="triage", provider="openai", model=model, key_index=0
            )
            usage = Usage(input_tokens=1_000, output_tokens=50)
            await book.finish(call, RawAnswer(text="", usage=usage, model=model, request_id=None), price)

    asyncio.run(ask())
    return engine


def test_costs_are_told_by_every_view_and_unknown_prices_are_said(engine, capsys):
    assert costs() == 0
    said = " ".join(capsys.readouterr().out.split())
    for view in ("By day", "By model", "By question", "By category", "By deployment"):
        assert view in said
    assert "0.001200" in said
    assert "1 calls have a model of unknown price" in said


def test_costs_for_programs_are_exact(engine, capsys):
    assert costs(by="model", as_json=True) == 0
    (first, _second) = json.loads(capsys.readouterr().out)["model"]
    assert (first["name"], first["nano_usd"]) == ("openai:gpt-6-luna", 1_200_000)


def test_the_page_of_costs_holds_nothing_a_browser_would_run(engine):
    text = costs_text(engine, since=0)
    assert "# $0.0012 for 2 calls" in text
    assert "unknown price" in text
    assert "<b>" not in text


def test_an_estimate_names_mails_and_money_and_asks_nothing(provider_env, capsys):
    assert estimate(str(SAMPLES), as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["mails"], found["unread"]) == (30, 1)
    total = found["stages"]["total"]
    assert 0 < Decimal(total["expected_usd"]) < Decimal(total["worst_usd"])
    assert provider_env.stats()["total"]["answered"] == 0
    assert estimate(str(SAMPLES)) == 0
    assert "30 mails" in capsys.readouterr().out


def test_a_source_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SourceError, match="is not there"):
        estimate(str(tmp_path / "nowhere"))


def test_names_of_models_are_whole_at_80_columns(engine, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert costs(by="model") == 0
    said = capsys.readouterr().out
    assert "…" not in said
    assert "openai:gpt-6-luna" in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_pipe_gets_whole_lines_without_colours(engine, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert costs(by="model") == 0
    said = capsys.readouterr().out
    assert "1 calls have a model of unknown price and are not in the sum" in said
    assert "\x1b" not in said
