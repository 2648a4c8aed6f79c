"""`mailroom reopen PROVIDER`: end the waits that a provider told, and close its circuit."""

from __future__ import annotations

from deployments.cli.console import stdout
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings


def reopen(provider: ProviderName, /) -> int:
    """Ask a provider again at once, although it said to wait or has failed repeatedly; `mailroom doctor` shows waits.

    Args:
        provider: Whose waits are ended.
    """
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.waits import take_back

    ended = take_back(open_ledger(read_settings().ledger), provider)
    said = f"{ended} {'wait' if ended == 1 else 'waits'} ended" if ended else "nothing is being waited for"
    stdout().print(f"{provider}: {said}.", markup=False, highlight=False)
    return 0
