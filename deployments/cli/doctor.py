"""`mailroom doctor`: checks everything that a run needs."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from deployments.cli.console import stdout
from deployments.cli.outcomes import plain
from tasks.errors import MailroomError, Misconfigured
from tasks.settings import Settings, read_settings

_PACKAGES = ("prefect", "openai", "anthropic", "google-generativeai", "pandas", "sqlalchemy")
_LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of one check. `ok` is null where neither answer is wrong."""

    name: str
    ok: bool | None
    said: str


def doctor(
    *,
    offline: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Check versions, server, keys, ledger and models; exit code 1 when something is wrong.

    Every provider that is configured is asked one real question, which costs a small part of a cent.

    Args:
        offline: Ask no provider.
        as_json: Print JSON, for programs; `ok` is null where nothing is needed.
    """
    findings = list(_findings(offline))
    code = int(any(finding.ok is False for finding in findings))
    if as_json:
        stdout().print_json(json.dumps([asdict(finding) for finding in findings]))
        return code
    table = Table(show_header=False, box=None, pad_edge=False)
    marks = {True: "[green]ok[/]", False: "[red]wrong[/]", None: "[dim]–[/]"}
    for finding in findings:
        table.add_row(marks[finding.ok], plain(finding.name), plain(finding.said))
    stdout().print(table)
    return code


def _findings(offline: bool) -> Iterator[Finding]:
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield Finding(name="Versions", ok=True, said=f"Python {platform.python_version()}, {versions}")
    yield from _guarded("Settings", _settings)
    yield _server()
    try:
        settings = read_settings()
    except Misconfigured:
        return
    yield from _keys(settings, offline)
    yield from _guarded("Ledger", lambda: _ledger(settings))
    yield from _waits(settings)
    free = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else ".").free
    yield Finding(name="Disk", ok=free > _LEAST_FREE_BYTES, said=f"{free / 1e9:.1f} GB free")


def _guarded(name: str, look: Callable[[], str]) -> Iterator[Finding]:
    try:
        yield Finding(name=name, ok=True, said=look())
    except Misconfigured as error:
        yield Finding(name=name, ok=False, said=error.told)


def _settings() -> str:
    settings = read_settings()
    return f"provider {settings.provider}, summaries into {settings.target_language}, data in {settings.data_dir}"


def _server() -> Finding:
    from deployments.cli.home import HOME
    from deployments.local import processes, server

    running = processes.recall(HOME, server.NAME)
    url = os.environ.get("PREFECT_API_URL") or (running and running.facts["api_url"])
    if not url:
        return Finding(name="Prefect", ok=None, said="no server runs; `mailroom run` and `make demo` start one")
    healthy = server.is_healthy(url)
    return Finding(name="Prefect", ok=healthy, said=f"{url} {'answers' if healthy else 'does not answer; start it'}")


def _keys(settings: Settings, offline: bool) -> Iterator[Finding]:
    from deployments.cli.doctor_models import answer_of
    from tasks.providers.catalogue.accounts import Accounts
    from tasks.providers.catalogue.sheets import SHEETS

    accounts = Accounts()
    for provider in dict.fromkeys((*SHEETS, settings.provider, *settings.fallbacks)):
        needed = provider == settings.provider or provider in settings.fallbacks
        try:
            accounts.require(provider)
            yield Finding(name=f"Key of {provider}", ok=True, said=_key_state(accounts, provider))
        except Misconfigured as error:
            yield Finding(name=f"Key of {provider}", ok=False if needed else None, said=str(error))
            continue
        if not offline:
            try:
                yield Finding(name=f"Model of {provider}", ok=True, said=answer_of(provider, accounts, settings))
            except (MailroomError, SQLAlchemyError) as error:
                said = error.told if isinstance(error, MailroomError) else "not asked, as the ledger cannot be used"
                yield Finding(name=f"Model of {provider}", ok=False if needed else None, said=said)


def _key_state(accounts: object, provider: str) -> str:
    account = accounts.account(provider)  # type: ignore[attr-defined]  # Accounts, imported late
    return f"{account.keys} set, asked at {account.base_url or 'its own address'}"


def _waits(settings: Settings) -> Iterator[Finding]:
    """Whom runs do not ask now, and how to end that."""
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.waits import waits_in

    with suppress(Misconfigured):  # it is told already that there is no ledger
        for wait in waits_in(open_ledger(settings.ledger)):
            whom = f"{wait.model} of {wait.provider}" if wait.model else wait.provider
            said = f"not asked for {wait.left_s / 60:.0f} min more: {wait.why}. End it: mailroom reopen {wait.provider}"
            yield Finding(name=f"Wait for {whom}", ok=None, said=said)


def _ledger(settings: Settings) -> str:
    from sqlalchemy.engine import make_url

    from tasks.ledger.engine import open_ledger

    open_ledger(settings.ledger)
    return f"{make_url(settings.ledger).render_as_string(hide_password=True)} is there and up to date"
