"""The task `publish scorecard`: an evaluation's page and pictures, and its rows in the ledger."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact

from tasks import policies
from tasks.ledger.engine import open_ledger
from tasks.ledger.evaluations import record_evaluation
from tasks.private_files import make_file, make_folder
from tasks.runs import Run
from tasks.score.compare import Comparison
from tasks.score.scorecard import Scored, pictures, scorecard

log = logging.getLogger("mailroom.report")


@task(name="publish scorecard", **policies.LEDGER)
def publish_scorecard(
    candidates: list[Scored], comparison: Comparison | None, run: Run, labels: str, gate: str
) -> None:
    """Show the evaluation in Prefect's UI, write it as files, and keep each candidate's figures in the ledger."""
    text = scorecard(candidates, comparison, labels=labels, gate=gate)
    folder = (run.settings.output_dir / f"evaluation-{run.id}").absolute()
    make_folder(folder)
    for number, one in enumerate(candidates, start=1):
        _write(folder / f"candidate-{number}.png", pictures(one))
    _write(folder / "scorecard.md", text.encode())
    create_markdown_artifact(markdown=text, key="mailroom-evaluation", description=f"{gate} Files: {folder}".strip())
    engine = open_ledger(run.settings.ledger)
    for one in candidates:
        found = {name: [figure.value, figure.low, figure.high] for name, figure in one.figures.items()}
        record_evaluation(engine, run.id, one.name, labels=labels, mails=len(one.answers.true), figures=found)
    log.info("%s Its page is the artifact `mailroom-evaluation`, its files are in %s.", gate, folder)


def _write(path: Path, content: bytes) -> None:
    make_file(path)
    path.write_bytes(content)
