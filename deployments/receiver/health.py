"""`/health`: the process answers. `/ready`: mail can be accepted."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor

from fastapi import APIRouter, Response
from sqlalchemy import text

from deployments.inbox.prefect_server import is_up
from deployments.receiver.answers import Health, Readiness
from deployments.receiver.app_state import AppState
from deployments.receiver.request_checks import CurrentState
from tasks.ledger.engine import open_ledger

router = APIRouter(tags=["health"])
_LEDGER_PATIENCE_S = 3.0
# Its own thread: queries to a ledger that hangs must not block the threads that the spool needs.
_asking = ThreadPoolExecutor(1, thread_name_prefix="ready")


@router.get("/health")
async def health() -> Health:
    """The process is alive; nothing else is asked."""
    return Health()


@router.get("/ready", responses={503: {"model": Readiness, "description": "Mail can't be made durable now."}})
async def ready(response: Response, state: CurrentState) -> Readiness:
    """Whether mail can be made durable, and whether Prefect answers.

    Prefect's absence does not make the receiver unready: mail is kept until it is back, and a receiver taken out of
    service would turn mail away instead.
    """
    ledger, disk, prefect = await asyncio.gather(_ledger(state), asyncio.to_thread(_disk, state), is_up())
    fit = ledger == disk == "ok"
    response.status_code = 200 if fit else 503
    away = "away; mail is kept and announced when it is back"
    return Readiness(ready=fit, ledger=ledger, disk=disk, prefect="ok" if prefect else away)


async def _ledger(state: AppState) -> str:
    try:
        asked = asyncio.get_running_loop().run_in_executor(_asking, _ask_ledger, state.ledger_url)
        async with asyncio.timeout(_LEDGER_PATIENCE_S):
            await asked
    except Exception as error:  # whatever it is, its text may hold the database's address
        return f"can't be used ({type(error).__name__})"
    return "ok"


def _ask_ledger(ledger_url: str) -> None:
    with open_ledger(ledger_url).begin() as connection:
        connection.execute(text("SELECT 1"))


def _disk(state: AppState) -> str:
    try:
        free = shutil.disk_usage(state.inbox).free
    except OSError as error:
        return f"can't be used ({error.strerror})"
    return "ok" if free >= state.settings.min_free_bytes else f"only {free:,} bytes are free"
