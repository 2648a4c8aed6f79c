"""Posts the mail's outcome to a configured endpoint, signed according to Standard Webhooks.

The webhook's id is the effect's id. A receiver that follows the standard accepts an id once, so sending again is safe.
Private addresses are refused, even if DNS resolves to them, unless the endpoint is configured as private. Redirects are
not followed, because the signature is for one address only.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Literal

import httpx
from httpx_secure import SSRFProtectionError, httpx_ssrf_protection
from pydantic import Field
from standardwebhooks import Webhook as Signer

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.destinations import Destinations
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.act.public_addresses import is_public
from tasks.actions import NAME, Written
from tasks.errors import Misconfigured
from tasks.ledger.effects import Effect
from tasks.settings.destinations import Endpoint


class Webhook(Written):
    """Post the mail's outcome to a configured endpoint, signed."""

    action: Literal["webhook"]
    endpoint: str = Field(pattern=NAME, description="Name of an entry in `MAILROOM_ENDPOINTS`.")


def check(action: Webhook, destinations: Destinations) -> None:
    destinations.endpoint(action.endpoint)


def plan(action: Webhook, mail: ActedMail) -> Planned:
    return Planned(target=action.endpoint, content=mail.facts(sender_links=action.sender_links))


async def perform(effect: Effect, context: ActionContext) -> str:
    endpoint = context.destinations.endpoint(effect.parameters["endpoint"])
    body = json.dumps({"type": "mail.handled", "timestamp": _stamp(effect), "data": effect.content})
    headers = _headers(effect, endpoint, body)
    async with _client(endpoint, context.destinations.webhook_timeout_s) as client:
        context.about_to()
        try:
            answer = await client.post(endpoint.url, content=body.encode(), headers=headers)
        except SSRFProtectionError as error:
            raise NotDone(
                f"endpoint `{effect.target}` is at a private address; say `private` if that is meant"
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotDone(f"endpoint `{effect.target}` can't be reached", again=True) from error
    if answer.is_success:
        return f"endpoint `{effect.target}` answered {answer.status_code}"
    raise NotDone(f"endpoint `{effect.target}` answered {answer.status_code}", again=answer.status_code in _LATER)


async def look(effect: Effect, context: ActionContext) -> Found:
    return "not done"


_LATER = {408, 409, 425, 429, 500, 502, 503, 504}


def _stamp(effect: Effect) -> str:
    return datetime.fromtimestamp(effect.planned_at, UTC).isoformat()


def _headers(effect: Effect, endpoint: Endpoint, body: str) -> dict[str, str]:
    now = datetime.now(UTC)
    try:
        signature = Signer(endpoint.secret.get_secret_value()).sign(effect.effect_id, now, body)
    except Exception as error:  # errors of several libraries, all of which mean an invalid secret
        raise Misconfigured(f"The secret of endpoint `{effect.target}` is no Standard Webhooks secret.") from error
    return {
        "content-type": "application/json",
        "webhook-id": effect.effect_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
        "idempotency-key": effect.effect_id,
    }


def _client(endpoint: Endpoint, timeout_s: float) -> httpx.AsyncClient:
    client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)
    return client if endpoint.private else httpx_ssrf_protection(client, custom_validator=is_public)
