"""Prefect's worker, whose runs begin warm: `python -m deployments.worker.process` takes what `prefect` takes."""

from __future__ import annotations

import multiprocessing

if __name__ == "__main__":
    if "forkserver" in multiprocessing.get_all_start_methods():
        from deployments.worker.warm import begin_runs_warm

        begin_runs_warm()
    from prefect.cli import app

    app()
