"""Whether a claim's owner is dead is known only on its own machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.ledger.owners import is_gone, owner_name
from tests.conftest import ROOT

# Says its name, then lives until its input ends.
HOLDER = (
    "import sys; from tasks.ledger.owners import owner_name; print(owner_name('run'), flush=True); sys.stdin.read()"
)
ELSEWHERE = ["unshare", "--pid", "--fork", "--mount-proc"]


@contextmanager
def holder(*before: str) -> Iterator[str]:
    """The owner's name of another process that runs while the block lasts."""
    command = [*before, sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


def other_namespaces() -> bool:
    return (
        subprocess.run([*ELSEWHERE, "true"], capture_output=True).returncode == 0 if sys.platform == "linux" else False
    )


def test_a_process_of_this_place_is_gone_when_it_has_ended_and_not_before() -> None:
    with holder() as owner:
        assert not is_gone(owner)
    assert is_gone(owner)
    assert not is_gone(owner_name("run"))


def test_a_process_id_that_was_given_anew_is_another_process() -> None:
    place, pid, started, run = owner_name("run").split("|")
    assert is_gone(f"{place}|{pid}|{int(started) - 1}|{run}")


@pytest.mark.skipif(not other_namespaces(), reason="needs the right to make a PID namespace (root on Linux)")
def test_a_container_of_the_same_host_name_is_never_called_gone() -> None:
    with holder(*ELSEWHERE) as owner:
        assert owner.partition("~")[0] == owner_name("run").partition("~")[0]
        # Process 1 or 2 of the container is no process of ours, or another one.
        assert not is_gone(owner)
        _place, _pid, started, run = owner.split("|")
        assert not is_gone(f"{_place}|999999|{started}|{run}")


@pytest.mark.parametrize("owner", ["other~0123456789abcdef|1|1|run", "batch|0|0|run", "host|1|1|run"])
def test_of_other_places_nothing_is_known(owner: str) -> None:
    assert not is_gone(owner)
