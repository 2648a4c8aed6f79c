"""The categories that commands sort mails into: those of the Prefect server that is up, else the shipped ones."""

from __future__ import annotations

from deployments.cli.console import note
from deployments.cli.home import use_running_server
from tasks.categories import DEFAULT_CATEGORIES, Categories


def categories_in_force() -> Categories:
    """Those of the server that PREFECT_API_URL names, or of ours; the shipped, and a note, where none is up.

    Raises:
        Misconfigured: The operator's list cannot be used, or the server that is named does not answer.
    """
    if not use_running_server():
        note("No Prefect server is up, so the categories that ship were taken.")
        return DEFAULT_CATEGORIES
    from tasks.understand.operator_categories import read_categories

    return read_categories()
