"""Checks on every request before its body is read: its origin, its rate, and its token.

They are coroutines although they never wait, because FastAPI would run plain functions in threads, three for each post.
"""

from __future__ import annotations

import ipaddress
import math
import time
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request

from deployments.receiver.app_state import AppState
from deployments.receiver.signature import bearer_matches


async def state_of(request: Request) -> AppState:
    """The state that all requests of this process share."""
    state: AppState = request.app.state.receiver
    return state


CurrentState = Annotated[AppState, Depends(state_of)]


async def not_too_often(request: Request, state: CurrentState) -> None:
    """Answer 429 to an address that posts more often than allowed."""
    address = request.client.host if request.client else ""
    wait_s = state.rate.wait_s(address, time.monotonic())
    if wait_s:
        seconds = str(math.ceil(wait_s))
        raise HTTPException(429, f"Too many posts from this address; wait {seconds} s.", {"Retry-After": seconds})


async def not_another_site(request: Request, state: CurrentState) -> None:
    """Answer 403 to a page of another site, which could make a browser on this machine post here.

    If no secret is set, the request's host must also be this machine (against DNS rebinding).
    """
    host = request.headers.get("host", "")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != host:
        raise HTTPException(403, "Pages of other sites may not post here.")
    guarded = state.settings.webhooks_guarded and state.settings.uploads_guarded
    if not guarded and not _is_this_machine(host):
        raise HTTPException(403, "Without secrets for webhooks and uploads, only loopback addresses are answered.")


async def with_token(request: Request, state: CurrentState) -> None:
    """Answer 401 if an upload token is set and the request does not have it."""
    token = state.settings.upload_token
    if token is not None and not bearer_matches(request.headers.get("authorization", ""), token.get_secret_value()):
        raise HTTPException(401, "The token is missing or wrong.", {"WWW-Authenticate": "Bearer"})


async def with_token_always(request: Request, state: CurrentState) -> None:
    """Answer 401 unless the upload token is brought, and 403 where none is set: what is shown here is people's mail."""
    if state.settings.upload_token is None:
        raise HTTPException(403, "Mails are shown where MAILROOM_RECEIVER_UPLOAD_TOKEN is set; set it, start anew.")
    await with_token(request, state)


def _is_this_machine(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
