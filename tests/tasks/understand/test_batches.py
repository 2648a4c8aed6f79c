"""A batch is sent once and each of its answers is paid for once, wherever the process was killed."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update

from tasks.errors import TimedOut
from tasks.ledger.cost_book import cost_book, total
from tasks.ledger.engine import open_ledger
from tasks.ledger.pruning import prune_batches, prune_completions
from tasks.ledger.schema import batches, budgets, completions, messages
from tests.conftest import running_simulator

PROGRAM = Path(__file__).with_name("batch_life.py")
ROOT = Path(__file__).resolve().parents[3]


def _program() -> Any:
    spec = importlib.util.spec_from_file_location("batch_life", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["batch_life"] = module
    spec.loader.exec_module(module)
    return module


life = _program()
PROVIDERS = ("openai", "anthropic")


class Cut(BaseException):
    """What a kill is to the code it ends: nothing it could catch."""


def cut() -> None:
    raise Cut


def never() -> None:
    raise AssertionError


def check_settled(engine: Any, url: str, provider: str, simulator: Any) -> None:
    found = life.answers(engine, life.run_of(url, provider))
    assert [one.value.category for one in found] == ["SUPPORT"] * life.MAILS
    stats = simulator.stats()
    book = total(cost_book(engine, "model"))
    assert stats["batches"] == 1
    assert (book.calls, book.unended, book.failed) == (life.MAILS, 0, 0)
    assert (book.input_tokens, book.output_tokens) == (
        stats["batched"]["input_tokens"],
        stats["batched"]["output_tokens"],
    )
    with engine.begin() as connection:
        assert [row.state for row in connection.execute(select(batches))] == ["closed"]
        (run,) = connection.execute(select(budgets).where(budgets.c.scope == "run:run")).all()
        assert connection.scalar(select(completions.c.price_nusd).limit(1)) > 0
    assert (run.spent_nusd, run.reserved_nusd) == (book.nano_usd, 0)


def steps_of_a_life(url: str, provider: str, simulator: Any) -> int:
    engine = life.prepare(url, provider)
    steps = life.Steps(0, never)
    life.live(engine, provider, steps)
    check_settled(engine, url, provider, simulator)
    return int(steps.count)


def prepared(folder: Path, provider: str, count: int) -> Iterator[tuple[int, str]]:
    """That many ledgers with questions in the queue, numbered from 1: copies of one, for making one takes longest."""
    life.prepare(f"sqlite:///{folder}/first.db", provider)
    with closing(sqlite3.connect(folder / "first.db")) as first:
        for number in range(1, count + 1):
            with closing(sqlite3.connect(folder / f"{number}.db")) as copy:
                first.backup(copy)
            yield number, f"sqlite:///{folder}/{number}.db"


def hurried(engine: Engine) -> Engine:
    """The engine without its waits for the disk: here the process ends, not the machine."""
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()
    return engine


@pytest.mark.parametrize(("provider", "stride"), [("openai", 4), ("anthropic", 5)])
def test_a_life_cut_at_any_step_is_taken_up_where_it_was(tmp_path, provider_env, provider, stride):
    # Some of the steps; all of them are in the long proof below.
    whole = steps_of_a_life(f"sqlite:///{tmp_path}/whole.db", provider, provider_env)
    assert whole > 10
    for last, url in prepared(tmp_path, provider, whole):
        if last % stride:
            continue
        provider_env.reset()
        engine = hurried(open_ledger(url))
        with pytest.raises(Cut):
            life.live(engine, provider, life.Steps(last, cut))
        life.live(engine, provider, life.Steps(0, never))
        check_settled(engine, url, provider, provider_env)


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A simulator whose batches expire before anything in them is answered."""
    folder = tmp_path / "slow"
    folder.mkdir()
    with running_simulator(folder, "--batch-s", "1000", "--batch-expires-s", "0.001") as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        yield simulator


@pytest.mark.parametrize("provider", PROVIDERS)
def test_expired_questions_are_asked_again_and_fail_after_three_batches(ledger_url, slow, provider):
    engine = life.prepare(ledger_url, provider)
    life.live(engine, provider, life.Steps(0, never))  # two rounds
    assert life.answers(engine, life.run_of(ledger_url, provider)) == [None] * life.MAILS
    life.live(engine, provider, life.Steps(0, never))
    assert slow.stats()["batches"] == 3
    with pytest.raises(TimedOut):
        life.answers(engine, life.run_of(ledger_url, provider))
    book = total(cost_book(engine, "model"))
    assert (book.calls, book.failed, book.unended, book.nano_usd) == (3 * life.MAILS, 3 * life.MAILS, 0, 0)
    with engine.begin() as connection:
        (run,) = connection.execute(select(budgets).where(budgets.c.scope == "run:run")).all()
    assert (run.spent_nusd, run.reserved_nusd) == (0, 0)


def test_a_batch_holds_no_more_than_the_provider_takes(ledger_url, provider_env, monkeypatch):
    monkeypatch.setattr("tasks.providers.apis.openai_batches.OpenAIBatches.most_items", 2)
    engine = life.prepare(ledger_url, "openai")
    life.live(engine, "openai", life.Steps(0, never))
    assert provider_env.stats()["batches"] == 3
    assert None not in life.answers(engine, life.run_of(ledger_url, "openai"))


def test_a_batch_holds_no_more_bytes_than_the_provider_takes_but_at_least_one_question(
    ledger_url, provider_env, monkeypatch
):
    monkeypatch.setattr("tasks.providers.apis.openai_batches.OpenAIBatches.most_bytes", 10)
    engine = life.prepare(ledger_url, "openai")
    life.live(engine, "openai", life.Steps(0, never))
    assert provider_env.stats()["batches"] == life.MAILS


def test_a_provider_that_is_away_leaves_the_batch_for_the_next_round(ledger_url, provider_env, monkeypatch):
    engine = life.prepare(ledger_url, "openai")
    with monkeypatch.context() as away:
        away.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
        with pytest.raises(AssertionError, match="could not be reached"):
            life.live(engine, "openai", life.Steps(0, never))
    life.live(engine, "openai", life.Steps(0, never))
    assert provider_env.stats()["batches"] == 1


def test_pruning_forgets_batches_but_no_answer_that_a_waiting_mail_still_needs(ledger_url, provider_env):
    engine = life.prepare(ledger_url, "openai")
    life.live(engine, "openai", life.Steps(0, never))
    assert prune_completions(engine, answers_s=-1, failed_s=-1, calls_s=1e6).answers == 0
    assert prune_batches(engine, older_s=-1) == life.MAILS
    assert None not in life.answers(engine, life.run_of(ledger_url, "openai"))
    with engine.begin() as connection:
        assert connection.execute(select(batches)).all() == []
        connection.execute(update(messages).values(state="COMPLETED"))
    assert prune_completions(engine, answers_s=-1, failed_s=-1, calls_s=1e6).answers == life.MAILS


@pytest.mark.soak
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_process_killed_at_any_step_leaves_what_the_next_one_needs(tmp_path, provider_env, provider):
    whole = steps_of_a_life(f"sqlite:///{tmp_path}/whole.db", provider, provider_env)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for last, url in prepared(tmp_path, provider, whole):
        provider_env.reset()
        engine = open_ledger(url)
        killed = subprocess.run([sys.executable, str(PROGRAM), url, provider, str(last)], env=environment, check=False)
        assert killed.returncode == -9
        life.live(engine, provider, life.Steps(0, never))
        check_settled(engine, url, provider, provider_env)
