"""What evaluations found: a row a candidate."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, insert, select

from tasks.ledger.engine import reading
from tasks.ledger.schema import evaluations


def record_evaluation(
    engine: Engine, run_id: str, candidate: str, *, labels: str, mails: int, figures: Mapping[str, list[float]]
) -> None:
    """Keep a candidate's figures: value, and the two ends of its interval; NaN becomes null."""
    kept = {name: [None if math.isnan(one) else one for one in values] for name, values in figures.items()}
    row = {
        "run_id": run_id, "candidate": candidate, "labels": labels, "mails": mails, "figures": kept, "at": time.time(),
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(evaluations).values(row))


def read_evaluations(engine: Engine, run_id: str) -> list[dict[str, Any]]:
    """The rows of an evaluation, its candidates in order."""
    wanted = select(evaluations).where(evaluations.c.run_id == run_id).order_by(evaluations.c.number)
    with reading(engine) as connection:
        return [row._asdict() for row in connection.execute(wanted)]
