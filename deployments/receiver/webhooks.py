"""`POST /webhooks/mail`: mail as mail providers and programs send it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from deployments.receiver.answers import PROBLEMS, Problem, Receipt
from deployments.receiver.authentication import prove_form, prove_post
from deployments.receiver.bodies import read_body, read_form
from deployments.receiver.payload_formats import (
    FORM_TYPES,
    RAW_TYPES,
    BadPayload,
    MailRow,
    Spoolable,
    read_form_payload,
    read_json,
    read_raw,
)
from deployments.receiver.request_checks import CurrentState, not_another_site, not_too_often
from deployments.receiver.signature import NotProven, Proof
from deployments.receiver.spool import Delivery
from tasks.settings.receiver import ReceiverSettings

router = APIRouter(tags=["webhooks"])
T = TypeVar("T")
Kind = Literal["raw", "json", "form"]
_LARGE_BYTES = 100_000  # verifying and decoding a longer body takes so long that it is done in a thread

_ROW = {"$ref": f"#/components/schemas/{MailRow.__name__}"}
_ROWS = {"type": "array", "items": _ROW, "minItems": 1, "maxItems": 10_000}
_POSTMARK = {"$ref": "#/components/schemas/PostmarkMail"}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        **{kind: {"schema": {"type": "string", "format": "binary", "minLength": 1}} for kind in RAW_TYPES},
        "application/json": {"schema": {"anyOf": [_ROW, _ROWS, _POSTMARK]}},
        **{kind: {"schema": {"type": "object", "additionalProperties": {"type": "string"}}} for kind in FORM_TYPES},
    },
}


@router.post(
    "/webhooks/mail",
    status_code=202,
    dependencies=[Depends(not_too_often), Depends(not_another_site)],
    responses={
        **PROBLEMS,
        200: {"model": Receipt, "description": "It had come before."},
        409: {"model": Problem, "description": "Its webhook-id came before with another body."},
    },
    openapi_extra={"requestBody": _BODY},
)
async def receive_mail(request: Request, response: Response, state: CurrentState) -> Receipt:
    """Take a raw mail (RFC 5322), table rows, or posts of SendGrid, Mailgun or Postmark. Answer when it is durable."""
    kind = _kind_of(request)
    with state.room.hold() as held:
        body = await read_body(request, state.settings.max_body_bytes, held)
        try:
            proof, mail = await _read_post(request, body, kind, state.settings)
        except NotProven as error:
            raise HTTPException(401, f"Not accepted: {error}.") from error
        except BadPayload as error:
            raise HTTPException(422, f"Not accepted: {error}.") from error
        verdict = await state.spool.add(Delivery(proof=proof, files=(mail,)))
    if verdict == "conflict":
        raise HTTPException(409, "This webhook-id came before with another body; give each message an id of its own.")
    response.status_code = 202 if verdict == "accepted" else 200
    return Receipt(status=verdict, delivery=proof.delivery_id, mails=mail.mails)


async def _read_post(request: Request, body: bytes, kind: Kind, settings: ReceiverSettings) -> tuple[Proof, Spoolable]:
    proof = await _apart(body, lambda: prove_post(body, request.headers, settings, time.time()))
    if kind == "form":
        fields, files = await read_form(request, body)
        proof = proof or prove_form(fields, settings, time.time())
        return proof, await _apart(body, lambda: read_form_payload(fields, files, body))
    if proof is None:
        raise NotProven("the post must bring a valid signature, user or password; Mailgun's comes in a form only")
    return proof, await _apart(body, lambda: read_raw(body) if kind == "raw" else read_json(body))


async def _apart(body: bytes, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if len(body) > _LARGE_BYTES else work()


def _kind_of(request: Request) -> Kind:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Post the body as it is, without a content-encoding.")
    told = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if told in RAW_TYPES:
        return "raw"
    if told == "application/json":
        return "json"
    if told in FORM_TYPES:
        return "form"
    raise HTTPException(415, f"Post one of {', '.join((*RAW_TYPES, 'application/json', *FORM_TYPES))}.")
