"""The worker knows its runs. The composition's tests show how it ends them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.worker.serve import children_of


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
def test_children_are_found_while_they_live_and_not_their_children():
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    child = subprocess.Popen([sys.executable, "-c", nested], stdin=subprocess.PIPE)
    try:
        assert child.pid in children_of(os.getpid())
        while not children_of(child.pid):
            assert child.poll() is None
        assert children_of(child.pid).isdisjoint(children_of(os.getpid()))
    finally:
        child.communicate(b"\n")
    assert child.pid not in children_of(os.getpid())
