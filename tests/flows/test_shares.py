"""One big source, three processes: each mail is processed by one of them, even if one is killed."""

from __future__ import annotations

import pytest

from tests.conftest import running_simulator
from tests.flows.sharing import share

MAILS = 150


@pytest.fixture(scope="module")
def slow_simulator(tmp_path_factory):
    # Slow enough that a process can be met at its work.
    with running_simulator(tmp_path_factory.mktemp("slow"), "--latency-ms", "50") as simulator:
        yield simulator


@pytest.mark.parametrize(
    "any_ledger_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
def test_three_processes_share_the_mails_and_one_that_is_killed_loses_and_doubles_none(
    prefect_server, slow_simulator, any_ledger_url, tmp_path
):
    slow_simulator.reset()
    environment = {**slow_simulator.environment, "MAILROOM_CHUNK_ROWS": "15", "MAILROOM_CHUNK_WORKERS": "1"}
    found = share(tmp_path, any_ledger_url, environment, lambda: slow_simulator.stats()["total"]["answered"], MAILS)
    assert (found.completed, found.lost, found.doubled) == (MAILS, 0, 0)
    assert found.held_when_killed > 0
    assert found.answered > MAILS
    assert found.answers_asked_again == 0
    assert 0 <= found.paid_and_lost <= found.unfinished_calls
    assert found.runs > 1
