"""`mailroom simulator`: runs the simulator of the providers in the foreground."""

from __future__ import annotations

import subprocess
import sys


def simulator(*, port: int = 8000, gullible: bool = False, latency_ms: int = 0) -> int:
    """Run the simulator until it is interrupted. It listens on 127.0.0.1 only.

    Args:
        port: The port to listen on; 0 chooses a free one.
        gullible: Obey instructions in mails, to see what a hijacked model could do.
        latency_ms: How long each answer takes, in milliseconds.
    """
    command = [sys.executable, "-m", "deployments.simulator", "--port", str(port), "--latency-ms", str(latency_ms)]
    return subprocess.call([*command, *(["--gullible"] if gullible else [])])
