"""The task `publish`: a run's table and report, for people."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from tasks import policies
from tasks.categories import Categories
from tasks.report.artifacts import report_text
from tasks.report.summary import MAX_TABLE_ROWS, Summary

log = logging.getLogger("mailroom.report")


@task(name="publish", **policies.PURE)
def publish_summary(summary: Summary, categories: Categories, source: str, folder: Path, estimate: str) -> None:
    """Show the outcomes table and the report in Prefect's UI."""
    shown = (
        f"The first {MAX_TABLE_ROWS:,} of {summary.mails:,} mails" if summary.mails > MAX_TABLE_ROWS else "All mails"
    )
    simulated = " The answers are **simulated**." if summary.simulated else ""
    create_table_artifact(table=summary.table, key="mailroom-outcomes", description=f"{shown} of this run.{simulated}")
    create_markdown_artifact(
        markdown=report_text(summary, categories, source=source, folder=str(folder), estimate=estimate),
        key="mailroom-report",
        description=summary.sentence(),
    )
    log.info("%s", summary.sentence())
