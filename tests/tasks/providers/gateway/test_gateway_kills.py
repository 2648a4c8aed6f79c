"""A run that is killed and started again does not pay again for answers in the book."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import completions
from tests.benchmarks.faulty_proxy import FaultyProxy, Moods, faulty_proxy

ROOT = Path(__file__).resolve().parents[4]
IN_FLIGHT = 8


class Run:
    """Mails read in a process of its own, as often as it takes."""

    def __init__(self, proxy: FaultyProxy, ledger_url: str, mails: int) -> None:
        self._config = {"ledger": ledger_url, "mails": mails, "seed": 3, "in_flight": IN_FLIGHT}
        self._environment = os.environ | {
            "OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{proxy.url}/v1", "OPENAI_RPM": "600000",
            "OPENAI_TPM": "600000000", "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "tests/benchmarks/reading_client.py"), json.dumps(self._config)]
        return subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def to_the_end(self) -> dict[str, int]:
        """How many mails ended in which way."""
        said, _ = self.start().communicate(timeout=120)
        ended: dict[str, int] = json.loads(said.splitlines()[-1])
        return ended


def killed_and_read_again(simulator_url: str, ledger_url: str, *, mails: int, kills: int) -> None:
    dice = random.Random(5)
    with faulty_proxy(simulator_url, Moods(latency_s=0.02)) as proxy:
        run = Run(proxy, ledger_url, mails)
        for _ in range(kills):
            alarm, process = proxy.ring_after(dice.randrange(1, 2 * mails // (kills + 1))), run.start()
            assert alarm.wait(60)
            process.kill()
            process.wait()
        assert run.to_the_end() == {"COMPLETED": mails}
        made = proxy.made.total()
        assert run.to_the_end() == {"COMPLETED": mails}
        assert proxy.made.total() == made
        with open_ledger(ledger_url).begin() as connection:
            states = dict(
                connection.execute(select(completions.c.state, func.count()).group_by(completions.c.state)).all()
            )
            tokens = connection.scalar(select(func.sum(completions.c.input_tokens + completions.c.output_tokens)))
    # Each question's answer is in the book once; what was made again had been under way when the process died.
    assert states["done"] == len(proxy.made)
    assert tokens == sum(proxy.tokens.values())
    assert proxy.made.total() - len(proxy.made) <= states.get("begun", 0) <= kills * IN_FLIGHT


@pytest.mark.soak
def test_a_run_killed_twenty_times_pays_for_no_answer_twice(simulator, ledger_url):
    killed_and_read_again(simulator.url, ledger_url, mails=400, kills=20)
