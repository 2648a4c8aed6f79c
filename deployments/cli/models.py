"""`mailroom models`: the versions of the classifier that sorts mails without a model."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain
from tasks.settings import read_settings


def models() -> int:
    """List the classifiers, the newest first: how good each was on mails that it was not taught by."""
    from tasks.ledger.classifiers import WATCHED, list_classifiers, sampled_agreement
    from tasks.ledger.engine import open_ledger

    settings = read_settings()
    engine = open_ledger(settings.ledger)
    table = Table(title=f"Classifiers (local triage is {settings.local_triage})", title_justify="left")
    for name in ("", "state", "trained", "mails", "accuracy", "may answer", "error at most", "sampled, differ", "why"):
        table.add_column(name)
    for one in list_classifiers(engine):
        sampled, wrong = sampled_agreement(engine, one.number, WATCHED)
        trained = f"{datetime.fromtimestamp(one.trained_at, UTC):%Y-%m-%d %H:%M}"
        table.add_row(
            str(one.number), one.state, trained, f"{one.mails:,}",
            f"{one.figures['accuracy']:.3f}", f"{one.figures['local_share']:.0%}", f"{one.certificate['bound']:.1%}",
            f"{sampled}, {wrong}", plain(one.why),
        )  # fmt: skip
    stdout().print(table)
    return 0
