"""The ledger's bill equals the provider's, to the token and the nano-dollar, whatever fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tasks.ledger.cost_book import cost_book, total
from tasks.ledger.engine import open_ledger
from tasks.providers.catalogue.prices import price
from tasks.questions import Usage
from tests.benchmarks.faulty_proxy import Moods, faulty_proxy

ROOT = Path(__file__).resolve().parents[3]


def check_bill(ledger_url: str, simulator_url: str, mails: int, moods: Moods) -> None:
    with faulty_proxy(simulator_url, moods) as proxy:
        environment = {
            **os.environ, "OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{proxy.url}/v1",
            "OPENAI_RPM": "600000", "OPENAI_TPM": "600000000", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        config = {"ledger": ledger_url, "mails": mails, "seed": 1, "in_flight": 20}
        command = [sys.executable, str(ROOT / "tests/benchmarks/reading_client.py"), json.dumps(config)]
        subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    book = total(cost_book(open_ledger(ledger_url), "model"))
    bills = proxy.bills
    assert proxy.statuses[429]
    assert book.failed > sum(proxy.statuses[status] for status in (429, 500, 502, 503)), "none was cut at its limit"
    assert book.input_tokens == sum(asked for _model, asked, _answered in bills)
    assert book.output_tokens == sum(answered for _model, _asked, answered in bills)
    assert book.usd == sum(
        (price("openai", model, Usage(input_tokens=asked, output_tokens=answered)) or Decimal("NaN"))
        for model, asked, answered in bills
    )


def test_faults_do_not_part_the_ledger_from_the_provider(ledger_url, simulator):
    check_bill(ledger_url, simulator.url, 10, Moods(too_many=0.1, broken=0.05, shortened=0.2))


@pytest.mark.soak
def test_faults_do_not_part_the_ledger_from_the_provider_over_many_mails(ledger_url, simulator):
    check_bill(ledger_url, simulator.url, 1_000, Moods(too_many=0.20, broken=0.05, shortened=0.01))
