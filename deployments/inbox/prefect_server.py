"""The requests of the inbox's feeders to Prefect's server: sending events, and asking for its health and runs.

Prefect is imported within the functions, in a thread: that takes seconds, and a receiver that starts after a crash must
listen at once.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from tasks.errors import Misconfigured

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

ARRIVED = "mail.arrived"
PATIENCE_S = 10.0


async def announce_mail(mails: int, source: str = "inbox:", place: str = "inbox") -> None:
    """Send the event of `mailroom.PLACE`. The server's automation then starts a run, which reads `source`.

    The event is posted, and not streamed as by Prefect's own emitter, because a stream does not confirm its delivery.

    Raises any error that prevents the delivery.
    """
    async with asyncio.timeout(PATIENCE_S), await open_client() as client:
        from prefect.events import Event, Resource

        resource = Resource({"prefect.resource.id": f"mailroom.{place}", "prefect.resource.name": place})
        event = Event(event=ARRIVED, resource=resource, payload={"mails": mails, "source": source})
        await client.request("POST", "/events", json=[event.model_dump(mode="json")])


async def is_up() -> bool:
    """Whether the server answers, within 2 s."""
    try:
        async with asyncio.timeout(2), await open_client() as client:
            return await client.api_healthcheck() is None
    except Exception:
        return False


async def find_run(run_id: UUID) -> FlowRun | None:
    """The flow run with this id; null if there is none.

    Raises any error that prevents an answer.
    """
    async with asyncio.timeout(PATIENCE_S), await open_client() as client:
        from prefect.exceptions import ObjectNotFound

        try:
            return await client.read_flow_run(run_id)
        except ObjectNotFound:
            return None


async def open_client() -> PrefectClient:
    """A client of the server that this process uses, to be entered.

    Raises:
        Misconfigured: No server is known.
    """
    await asyncio.to_thread(import_module, "prefect.client.orchestration")
    await asyncio.to_thread(import_module, "prefect.events")
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL

    if not PREFECT_API_URL.value():
        raise Misconfigured("PREFECT_API_URL is not set, so no run can be started. Set it to `http://HOST:4200/api`.")
    return get_client()
