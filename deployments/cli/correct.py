"""`mailroom correct KEY --category …`: say what a mail's category is."""

from __future__ import annotations

import getpass

from deployments.cli.console import stdout
from deployments.cli.operator_categories import categories_in_force
from tasks.errors import Misconfigured
from tasks.settings import read_settings


def correct(key: str, /, *, category: str, by: str | None = None) -> int:
    """Write down what a mail's category is; the next run over the mail honours it, and local triage learns from it.

    Args:
        key: The beginning of its message_key, or its id.
        category: The right category; the one it has confirms it.
        by: Who says so; else your user's name.
    """
    from tasks.ledger.corrections import Correction, record_corrections
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.outcomes import read_latest

    settings = read_settings()
    row = read_latest(settings.ledger, key)
    if row is None:
        raise Misconfigured(f"The ledger knows no mail `{key}`; give the beginning of its message_key, or its id.")
    wanted, names = category.strip().upper(), categories_in_force().names
    if wanted not in names:
        raise Misconfigured(f"There is no category `{category}`; there are {', '.join(names)}.")
    made = Correction(
        message_key=row["message_key"], category=wanted, was=row["category"] or "",
        person=by or getpass.getuser(), way="command",
    )  # fmt: skip
    record_corrections(open_ledger(settings.ledger), [made])
    told = "confirmed as" if made.was == wanted else f"corrected from {made.was or 'no category'} to"
    stdout().print(f"{made.message_key[:12]}: {told} {wanted}, by {made.person}.", markup=False, highlight=False)
    return 0
