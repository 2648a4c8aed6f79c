"""`mailroom show KEY`: shows one mail's whole outcome, and what was left out of the text for the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain, styled
from tasks.errors import Misconfigured
from tasks.settings import read_settings

if TYPE_CHECKING:
    from tasks.ingest.model_text import LeftOut


def show(
    key: str,
    /,
    *,
    as_json: Annotated[bool, Parameter(name=("--json", "--as-json"), negative="")] = False,
    left_out_to: Path | None = None,
) -> int:
    """Show the newest outcome of a mail, and what was left out of the text that the model was given.

    Args:
        key: The beginning of the mail's message_key, or its id.
        as_json: Print JSON, for programs. Its `left_out` includes the text.
        left_out_to: Write what was left out to this file, each piece with its reason.
    """
    from deployments.mail_record import read_record

    settings = read_settings()
    record = read_record(settings.ledger, key, settings.most_tokens)
    if record is None:
        raise Misconfigured(f"The ledger knows no mail `{key}`; give the beginning of its message_key, or its id.")
    row, pieces = record.outcome, record.text.left_out if record.text else None
    if left_out_to is not None:
        _write(left_out_to, pieces)
    console = stdout()
    if as_json:
        words = [{"what": one.what, "why": one.why, "text": one.text} for one in pieces or []]
        console.print_json(json.dumps(row | ({"left_out": words} if pieces is not None else {})))
        return 0
    _print_row(console, row)
    _print_left_out(console, pieces)
    return 0


def _write(path: Path, pieces: list[LeftOut] | None) -> None:
    if pieces is None:
        raise Misconfigured("The ledger no longer has this mail's bytes, so what was left out cannot be written.")
    path.write_text("\n".join(f"=== {one.what}: {one.why}\n{one.text}\n" for one in pieces), encoding="utf-8")


def _print_row(console: Console, row: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in row.items():
        if value not in ("", [], None):
            text = json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (list, dict)) else str(value)
            table.add_row(name, styled(text) if name in ("status", "category") else plain(text))
    console.print(table)


def _print_left_out(console: Console, pieces: list[LeftOut] | None) -> None:
    if pieces is None:
        console.print("The ledger no longer has this mail's bytes, so what was left out of its text cannot be shown.")
    for one in pieces or []:
        console.print(f"\n[bold]Left out: {one.what}[/bold]. {one.why}", highlight=False)
        console.print(plain(one.text))
