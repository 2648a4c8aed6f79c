"""`mailroom simulator`: the simulator of the providers in the foreground."""

from __future__ import annotations

import subprocess
import sys


def simulator(*, port: int = 8000, gullible: bool = False, latency_ms: int = 0) -> int:
    """Run the simulator until it is interrupted; it answers on 127.0.0.1 only.

    Args:
        port: Where it listens; 0 is any free port.
        gullible: Obey instructions found in mails, to try what a hijacked model could do.
        latency_ms: How long each answer takes.
    """
    command = [sys.executable, "-m", "deployments.simulator", "--port", str(port), "--latency-ms", str(latency_ms)]
    return subprocess.call([*command, *(["--gullible"] if gullible else [])])
