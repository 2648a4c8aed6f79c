"""The task `publish report`: shows a run's table and report in Prefect's UI."""

from __future__ import annotations

import logging
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.settings import PREFECT_UI_URL

from tasks import policies
from tasks.categories import Categories
from tasks.report.artifacts import report_text
from tasks.report.summary import Summary
from tasks.settings.receiver import ReceiverAddress

log = logging.getLogger("mailroom.report")


@task(name="publish report", **policies.PURE)
def publish_summary(summary: Summary, categories: Categories, source: str, folder: Path, estimate: str) -> None:
    """Create the artifacts with the outcomes table and the report."""
    simulated = " The answers are **simulated**." if summary.simulated else ""
    table = summary.table.rows()
    receiver = ReceiverAddress.read()
    in_full = f" Each mail in full: `{receiver.page_of('KEY')}`." if receiver.url else ""
    made = create_table_artifact(
        table=table, key="mailroom-outcomes", description=f"{_shown(len(table), summary)}{simulated}{in_full}"
    )
    links = {"The table of outcomes": f"{ui}/artifacts/artifact/{made}"} if (ui := PREFECT_UI_URL.value()) else {}
    text = report_text(
        summary, categories, source=source, folder=str(folder), estimate=estimate, links=links, page_of=receiver.page_of
    )
    create_markdown_artifact(markdown=text, key="mailroom-report", description=summary.sentence())
    log.info("%s", summary.sentence())
    if summary.table.needed:
        log.warning("%d mails need a person; the report begins with them.", summary.table.needed)


def _shown(rows: int, summary: Summary) -> str:
    """A sentence about which mails the table shows."""
    needed = f"{summary.table.needed:,} need a person and come first."
    if rows == summary.mails:
        return f"All mails of this run; {needed}"
    return f"{rows:,} of {summary.mails:,} mails; {needed} The outcome files hold all of them."
