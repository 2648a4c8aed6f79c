"""The receiver as an ASGI application: its routes, and the two background tasks that store and announce mail."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic.json_schema import models_json_schema
from sqlalchemy.exc import SQLAlchemyError

from deployments.inbox.announcer import Announcer, never
from deployments.inbox.background import running
from deployments.inbox.folder import Inbox
from deployments.inbox.resting import Rest
from deployments.receiver import health, mails, pages, progress, runs, uploads, webhooks
from deployments.receiver.app_state import AppState
from deployments.receiver.limits import RateLimit, Room
from deployments.receiver.payload_formats import MailRow, PostmarkMail
from deployments.receiver.spool import Spool
from tasks.errors import Misconfigured
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings, refuse_open_doors

_DAY_S = 86_400.0


def make_app(
    settings: ReceiverSettings,
    gathering: GatherSettings,
    inbox: Inbox,
    ledger_url: str,
    announce: Callable[[int], Awaitable[None]],
    rest: Callable[[], Awaitable[Rest | None]] = never,
) -> FastAPI:
    """The receiver. `announce` tells Prefect how many files wait in the inbox, and raises if that fails.

    `rest` says that no run is to be started now.

    Raises:
        Misconfigured: The receiver would be open to anybody without a secret.
    """
    refuse_open_doors(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        announcer = Announcer(gathering, announce, inbox.waiting, rest)
        spool = Spool(inbox.put, ledger_url, remember_s=settings.replay_days * _DAY_S, on_stored=announcer.stored)
        app.state.receiver = AppState(
            settings=settings,
            ledger_url=ledger_url,
            inbox=inbox.folder,
            spool=spool,
            rate=RateLimit(settings.rate_per_s, settings.rate_burst),
            room=Room(settings.max_in_flight_bytes),
        )
        async with AsyncExitStack() as stack:
            # Closed in reverse order: the spool stores what it was given, then the announcer announces it.
            await stack.enter_async_context(running(announcer.run()))
            await stack.enter_async_context(running(spool.run()))
            yield

    app = FastAPI(
        title="Mailroom receiver", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        exception_handlers={
            RequestValidationError: _not_valid, OSError: _disk_failed, SQLAlchemyError: _ledger_failed,
            Misconfigured: _ledger_failed,  # it can't be opened, or is from a newer release
        },
    )  # fmt: skip
    for part in (webhooks, uploads, progress, runs, mails, health, pages):
        app.include_router(part.router)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description with the JSON formats, which FastAPI does not know: the routes read bodies themselves."""
    if app.openapi_schema is None:
        described = get_openapi(title=app.title, version=app.version, routes=app.routes)
        template = "#/components/schemas/{model}"
        models = [(MailRow, "validation"), (PostmarkMail, "validation")]
        _, formats = models_json_schema(models, ref_template=template)  # type: ignore[arg-type]
        described["components"]["schemas"] |= formats["$defs"]
        app.openapi_schema = described
    return app.openapi_schema


async def _not_valid(_request: Request, error: Exception) -> JSONResponse:
    """A validation error as a `Problem`."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    told = "; ".join(f"`{fault['loc'][-1]}`: {fault['msg']}" for fault in faults)
    return JSONResponse({"detail": told}, 422)


async def _disk_failed(_request: Request, error: Exception) -> JSONResponse:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    told = "The disk is full; free some space." if full else "The inbox can't be written to; see `/ready`."
    return JSONResponse({"detail": told}, 507 if full else 503, {"Retry-After": "30"})


async def _ledger_failed(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"detail": "The ledger can't be used; see `/ready`."}, 503, {"Retry-After": "10"})
