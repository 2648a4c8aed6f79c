"""`POST /upload` takes files of mail. The page at `GET /upload` posts them one by one to show its progress."""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import PurePosixPath
from typing import Literal

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from deployments.receiver.answers import PROBLEMS, FileReceipt, UploadReceipt
from deployments.receiver.app_state import AppState
from deployments.receiver.bodies import read_body, read_form
from deployments.receiver.mime import Attached
from deployments.receiver.payload_formats import BadPayload, Spoolable
from deployments.receiver.request_checks import CurrentState, not_another_site, not_too_often, with_token
from deployments.receiver.signature import no_proof
from deployments.receiver.spool import Delivery
from tasks.errors import SourceError
from tasks.mailbox.blobs import Blob
from tasks.mailbox.formats import find_format

router = APIRouter(tags=["uploads"])
SUFFIXES = (".eml", ".mbox", ".csv", ".zip")
_NAME_CHARACTERS = 200
_STEM_CHARACTERS = 60
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_FILES = {"type": "array", "minItems": 1, "items": {"type": "string", "format": "binary"}}
_FORM = {"type": "object", "required": ["file"], "properties": {"file": _FILES}}


@router.post(
    "/upload",
    status_code=202,
    dependencies=[Depends(not_too_often), Depends(not_another_site), Depends(with_token)],
    responses={**PROBLEMS, 200: {"model": UploadReceipt, "description": "Nothing in it was new, or all was refused."}},
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def receive_files(request: Request, response: Response, state: CurrentState) -> UploadReceipt:
    """Take `.eml`, `.mbox`, `.csv` and `.zip` files, each for itself; answers once those accepted are durable."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415, "Post multipart/form-data with one or more files.")
    with state.room.hold() as held:
        body = await read_body(request, state.settings.max_upload_bytes, held)
        try:
            _fields, files = await read_form(request, body)
        except BadPayload as error:
            raise HTTPException(422, f"Not accepted: {error}.") from error
        if not files:
            raise HTTPException(422, "There is no file in the form; name the part's file.")
        receipts = await asyncio.gather(*(_receive(file, state) for file in files))
    accepted = any(receipt.status == "accepted" for receipt in receipts)
    response.status_code = 202 if accepted else 200
    return UploadReceipt(files=list(receipts))


async def _receive(file: Attached, state: AppState) -> FileReceipt:
    name = _shown(file.name)
    try:
        spoolable = await asyncio.to_thread(check_file, name, file.content)
    except SourceError as error:
        return FileReceipt(name=name, status="refused", reason=f"{error}.")
    proof = await asyncio.to_thread(no_proof, file.content)
    # An upload never conflicts, because its id is derived from its content.
    verdict = await state.spool.add(Delivery(proof=proof, files=(spoolable,)))
    status: Literal["duplicate", "accepted"] = "duplicate" if verdict == "duplicate" else "accepted"
    return FileReceipt(name=name, status=status, delivery=proof.delivery_id)


def check_file(name: str, content: bytes) -> Spoolable:
    """Check the file, and return it for the inbox.

    Raises:
        SourceError: Its type is not accepted, or it lacks something that it needs.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise SourceError(f"`{name}` is none of {', '.join(SUFFIXES)}")
    if not content.strip():
        raise SourceError(f"`{name}` is empty")
    blob = Blob(name=name, where=name, size_bytes=len(content), open=lambda: io.BytesIO(content))
    reader = find_format(blob)
    if reader is None:
        raise SourceError(f"`{name}` is no mail and holds none")
    reader.check(blob)
    return Spoolable(raw=content, suffix=suffix, stem=_NOT_PLAIN.sub("_", PurePosixPath(name).stem)[:_STEM_CHARACTERS])


def _shown(name: str) -> str:
    """The file's name without folders, which browsers and programs may send."""
    own = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in own if character.isprintable())[-_NAME_CHARACTERS:]
