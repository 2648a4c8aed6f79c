"""Prefect's worker, whose runs begin warm: `python -m deployments.worker.process` takes what `prefect` takes.

A first word `--tells=NUMBER` names a pipe that it tells of its runs.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from deployments.worker.told_runs import given_pipe
    from deployments.worker.warm import begin_runs_warm

    given = sys.argv[1:]
    begin_runs_warm(given_pipe(given))
    sys.argv[1:] = given
    from prefect.cli import app

    from deployments.worker.stuck_runs import watch_in_background

    watch_in_background()

    app()
