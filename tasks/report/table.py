"""Outcomes as rows of the table that a run shows in Prefect's UI."""

from __future__ import annotations

from typing import Any

from tasks.report.plain import plain_cell


def table_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table artifact: the telling columns first, everything short, nothing a page would run."""
    return [_table_row(row) for row in rows]


def _table_row(row: dict[str, Any]) -> dict[str, Any]:
    cost = "?" if row["cost_usd"] is None else f"{row['cost_usd']:.5f}"
    return {
        "category": row["category"] or "",
        "status": row["status"],
        "subject": plain_cell(row["subject"], 45),
        "sender": plain_cell(row["sender"].partition(" <")[0], 24),
        "summary": plain_cell(row["summary"], 200),
        "action items": plain_cell("; ".join(item["text"] for item in row["action_items"]), 160),
        "effects": plain_cell("; ".join(f"{one['action']} {one['state']}" for one in row["effects"]), 120),
        "cost $": f"{cost} (simulated)" if row["simulated"] else cost,
        "error": plain_cell(f"{row['error_type']}: {row['error']}" if row["error_type"] else _why_left(row), 160),
        "key": row["message_key"][:12],
    }


def _why_left(row: dict[str, Any]) -> str:
    return row["reason"] if row["status"] == "SKIPPED" else ""
