"""Reads a post's body, with limits on its size and on the sender's pauses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from deployments.receiver.limits import Full, Held
from deployments.receiver.mime import Attached
from deployments.receiver.payload_formats import BadPayload

_CHUNK_PATIENCE_S = 30.0
_FORM_PARTS = 1_000


async def read_body(request: Request, limit_bytes: int, held: Held) -> bytes:
    """The whole body.

    Raises:
        HTTPException: 413 if it is too long, 408 if it stalls, 503 if there is no room for it beside other posts.
    """
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told) > limit_bytes:
        raise _too_long(limit_bytes)
    body = bytearray()
    stream = request.stream()
    try:
        while (chunk := await _next(stream)) is not None:
            held.grow(len(chunk))
            body += chunk
            if len(body) > limit_bytes:
                raise _too_long(limit_bytes)
    except Full as error:
        raise HTTPException(
            503, "Too much is being received at the moment; post again.", {"Retry-After": "2"}
        ) from error
    except TimeoutError as error:
        raise HTTPException(408, f"Nothing came for {_CHUNK_PATIENCE_S:.0f} s; post again.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The sender went away before the end of the body.") from error
    return bytes(body)


async def _next(stream: AsyncGenerator[bytes, None]) -> bytes | None:
    async with asyncio.timeout(_CHUNK_PATIENCE_S):
        return await anext(stream, None)


def _too_long(limit_bytes: int) -> HTTPException:
    # The rest of the body is not read, so the connection can't be used for another post.
    return HTTPException(413, f"The body is longer than {limit_bytes:,} bytes.", {"Connection": "close"})


async def read_form(request: Request, body: bytes) -> tuple[dict[str, str], list[Attached]]:
    """The form's fields and files.

    Raises:
        BadPayload: The body is not a form of its content type, or has too many parts.
    """
    multipart = request.headers.get("content-type", "").lower().startswith("multipart/")
    try:
        form = await (
            _parse_multipart(request, body) if multipart else FormParser(request.headers, _once(body)).parse()
        )
    except (MultiPartException, ValueError, KeyError) as error:
        raise BadPayload("the form cannot be read; its boundary or a part's header is wrong") from error
    try:
        files = [await _attached(value) for value in _values(form) if isinstance(value, UploadFile)]
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        return fields, files
    finally:
        await form.close()


async def _parse_multipart(request: Request, body: bytes) -> FormData:
    parser = MultiPartParser(
        request.headers, _once(body), max_files=_FORM_PARTS, max_fields=_FORM_PARTS, max_part_size=len(body)
    )
    return await parser.parse()


def _values(form: FormData) -> list[str | UploadFile]:
    return [value for _, value in form.multi_items()]


async def _attached(file: UploadFile) -> Attached:
    content_type = file.content_type or "application/octet-stream"
    return Attached(name=file.filename or "", content_type=content_type, content=await file.read())


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""  # marks the end, as a request's stream does
