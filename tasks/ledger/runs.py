"""Each run's deployment, source, settings and estimate, so that costs can be shown by deployment and with estimates."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, select, update

from tasks.categories import Categories
from tasks.ledger.engine import reading
from tasks.ledger.rows import insert_into
from tasks.ledger.schema import runs


def record_run(
    engine: Engine, run_id: str, *, flow: str, deployment: str = "", source: str = "", mode: str = "normal",
    settings: dict[str, Any] | None = None, categories: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """Record that this run began. A run that is resumed keeps its first record.

    `settings` and `categories` (JSON values) are kept so that another run can continue with this one's mails.
    """
    row = {
        "run_id": run_id,
        "flow": flow,
        "deployment": deployment,
        "source": source,
        "mode": mode,
        "started_at": time.time(),
        "settings": settings,
        "categories": categories,
    }
    with engine.begin() as connection:
        connection.execute(insert_into(runs, engine.dialect.name).values(row).on_conflict_do_nothing())


def record_estimate(engine: Engine, run_id: str, estimate: dict[str, Any]) -> None:
    """Record what the run is expected to cost, as JSON values."""
    with engine.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(estimate=estimate))


def read_run_settings(engine: Engine, run_id: str) -> dict[str, Any]:
    """The settings this run was recorded with; empty when there are none."""
    with engine.begin() as connection:
        found: dict[str, Any] | None = connection.scalar(select(runs.c.settings).where(runs.c.run_id == run_id))
    return found or {}


def read_run_categories(engine: Engine, run_id: str) -> Categories | None:
    """The categories this run sorted its mails into; null where none were kept."""
    with engine.begin() as connection:
        found = connection.scalar(select(runs.c.categories).where(runs.c.run_id == run_id))
    return Categories.of_json(found) if found else None


def record_stop(engine: Engine, run_id: str, why: str | None) -> None:
    """Record why this run must end; null lets it go on, as a run that is resumed does."""
    with engine.begin() as connection:
        connection.execute(update(runs).where(runs.c.run_id == run_id).values(stopped=why))


def read_stop(engine: Engine, run_id: str) -> str | None:
    """Why this run must end; null while it may go on."""
    with reading(engine) as connection:
        return connection.scalar(select(runs.c.stopped).where(runs.c.run_id == run_id))
