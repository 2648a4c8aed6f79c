"""Metrics agree with the ledger, are valid for Prometheus, and their counters never fall."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import CollectorRegistry
from sqlalchemy import delete, insert, select

from deployments.metrics.collector import LedgerCollector
from tasks.ledger.engine import open_ledger
from tasks.ledger.measures import fold
from tasks.ledger.schema import breakers, completions, effects, messages, outcomes
from tasks.mailbox.inbox import folder_of, put

NOW = time.time()


def outcome(status: str, seconds: float, cached: int = 0) -> dict[str, object]:
    return {"run_id": "r", "message_key": "k", "status": status, "provider": "openai", "seconds": seconds,
            "processed_at": NOW, "row": {"cached_calls": cached}}  # fmt: skip


def call(number: int, state: str = "done", *, key: str = "q", error: str | None = None, price: int | None = 1_500_000):
    return {"call": number, "key": key, "state": state, "run_id": "r", "message_key": "k", "question": "triage",
            "provider": "openai", "model": "gpt-6-luna", "key_index": 0, "simulated": False, "input_tokens": 100,
            "output_tokens": 20, "cache_read_tokens": 0, "cache_write_tokens": 0, "reasoning_tokens": 0,
            "error_code": error, "price_nusd": price, "begun_at": NOW, "ended_at": NOW}  # fmt: skip


def mail(key: str, state: str, *, lease_s: float = 0, age_s: float = 0, retry: bool = False) -> dict[str, object]:
    return {"message_key": key, "state": state, "retry": retry, "fence": 1, "owner": "", "lease_until": NOW + lease_s,
            "first_seen": NOW - age_s, "updated": NOW}  # fmt: skip


@pytest.fixture
def filled(any_ledger_url: str) -> str:
    with open_ledger(any_ledger_url).begin() as connection:
        rows = [
            outcome("COMPLETED", 0.4),
            outcome("COMPLETED", 7, cached=2),
            outcome("FAILED", 700),
            outcome("SKIPPED", 0),
        ]
        connection.execute(insert(outcomes), rows)
        calls = [
            call(1),
            call(2, "failed", key="p", error="RATE_LIMIT", price=0),
            call(3, key="p"),
            call(4, key="x", price=None),
        ]
        connection.execute(insert(completions), calls)
        mails = [mail("a", "PROCESSING", lease_s=86_400), mail("b", "PROCESSING", lease_s=-5),
                 mail("c", "PENDING", age_s=90), mail("d", "FAILED", retry=True),
                 mail("e", "FAILED"), mail("f", "COMPLETED")]  # fmt: skip
        connection.execute(insert(messages), mails)
        connection.execute(insert(breakers).values(provider="openai", state="open", until=NOW, changed_at=NOW))
        connection.execute(
            insert(effects).values(
                effect_id="1",
                message_key="a",
                run_id="r",
                position=0,
                action="label",
                parameters={},
                rule="x",
                target="",
                content={},
                content_hash="",
                state="done",
                planned_at=NOW,
                updated=NOW,
            )
        )
    return any_ledger_url


def scrape(ledger_url: str, data_dir: Path) -> str:
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ledger_url, folder_of(data_dir), 0))
    return generate_latest(registry).decode()


def value(text: str, sample: str) -> float:
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    assert found, f"{sample} is not in:\n{text}"
    return float(found[1])


def test_every_figure_is_what_the_ledger_says(filled, tmp_path):
    put(folder_of(tmp_path), b"Subject: x\n\ny", "a.eml")
    text = scrape(filled, tmp_path)
    of_model = 'model="gpt-6-luna",service="openai"'
    expected = {
        'emails_processed_total{status="completed"}': 2,
        'emails_processed_total{status="failed"}': 1,
        'emails_processed_total{status="skipped"}': 1,
        'emails_processed_total{status="pending"}': 0,
        'email_processing_duration_seconds_bucket{le="0.5"}': 1,
        'email_processing_duration_seconds_bucket{le="10.0"}': 2,
        'email_processing_duration_seconds_bucket{le="600.0"}': 2,
        'email_processing_duration_seconds_bucket{le="+Inf"}': 3,
        "email_processing_duration_seconds_sum": 707.4,
        "email_processing_duration_seconds_count": 3,
        "ai_cache_hits_total": 2,
        f"ai_api_calls_total{{{of_model}}}": 4,
        f"ai_api_retries_total{{{of_model}}}": 1,
        f"ai_cost_usd_total{{{of_model}}}": 0.003,
        f"ai_unpriced_calls_total{{{of_model}}}": 1,
        f'ai_tokens_total{{kind="input",{of_model}}}': 400,
        f'ai_api_errors_total{{error="RATE_LIMIT",{of_model}}}': 1,
        "active_email_tasks": 1,
        'email_queue_mails{state="pending"}': 1,
        'email_queue_mails{state="to_retry"}': 1,
        'email_queue_mails{state="abandoned"}': 1,
        "email_inbox_files": 1,
        'email_effects{action="label",state="done"}': 1,
        'ai_breaker_state{service="openai",state="open"}': 1,
        'ai_breaker_state{service="openai",state="closed"}': 0,
        "mailroom_ledger_up": 1,
    }
    assert {sample: value(text, sample) for sample in expected} == expected
    assert value(text, 'email_queue_oldest_seconds{state="pending"}') >= 90


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed (Debian: apt install prometheus)")
    return found


def faults(promtool: str, text: str) -> tuple[int, str]:
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_prometheus_own_tool_finds_no_fault(promtool, filled, tmp_path):
    assert faults(promtool, scrape(filled, tmp_path)) == (0, "")


def test_prometheus_own_tool_finds_no_fault_while_there_is_nothing(promtool, ledger_url, tmp_path):
    assert faults(promtool, scrape(ledger_url, tmp_path)) == (0, "")


def test_counters_stay_when_the_rows_they_count_are_pruned(filled, tmp_path):
    before = {
        line for line in scrape(filled, tmp_path).splitlines() if re.match(r"(emails|email_proc|ai_)\S+[^#]", line)
    }
    with open_ledger(filled).begin() as connection:
        for table, rows in ((outcomes, outcomes.c.number < 3), (completions, completions.c.key == "p")):
            for _ in range(2):  # what is gone is not counted twice
                fold(connection, table, rows)
                connection.execute(delete(table).where(rows))
    with open_ledger(filled).begin() as connection:
        assert len(connection.execute(select(outcomes)).all()) == 2
    after = {
        line for line in scrape(filled, tmp_path).splitlines() if re.match(r"(emails|email_proc|ai_)\S+[^#]", line)
    }
    assert after == before


def test_a_ledger_that_cannot_be_read_is_said_and_does_not_fail_the_scrape(tmp_path):
    (tmp_path / "broken").write_bytes(b"x" * 5_000)
    text = scrape(f"sqlite:///{tmp_path / 'broken'}", tmp_path)
    assert value(text, "mailroom_ledger_up") == 0
    assert "emails_processed_total" not in text
    assert value(text, "email_inbox_files") == 0


def test_many_scrapes_read_the_ledger_once_in_a_while(filled, tmp_path):
    now = [0.0]
    collector = LedgerCollector(filled, tmp_path, 10, clock=lambda: now[0])
    first = list(collector.collect())
    now[0] = 9
    assert next(iter(collector.collect())) is first[0]
    now[0] = 10
    assert next(iter(collector.collect())) is not first[0]


def test_a_scrape_does_not_wait_for_a_writer(filled, tmp_path):
    with open_ledger(filled).begin():  # holds the write lock
        assert value(scrape(filled, tmp_path), "mailroom_ledger_up") == 1
