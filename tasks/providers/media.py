"""Media parts in each provider's words; what a model does not take is left out and named."""

from __future__ import annotations

import base64
from typing import Any

from tasks.providers.models import traits
from tasks.questions import Media

_ANTHROPIC_IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_OPENAI_SOUNDS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


def sendable(media: tuple[Media, ...], provider: str, model: str) -> tuple[list[Media], tuple[str, ...]]:
    """The parts `model` takes, and the names of those it does not."""
    if not media:
        return [], ()
    kinds = traits(provider, model).media
    taken = [part for part in media if part.kind in kinds and _form_taken(part, provider)]
    return taken, tuple(part.name or part.media_type for part in media if part not in taken)


def _form_taken(part: Media, provider: str) -> bool:
    if provider == "anthropic" and part.kind == "image":
        return part.media_type in _ANTHROPIC_IMAGES
    if provider in ("openai", "local") and part.kind == "audio":
        return part.media_type in _OPENAI_SOUNDS
    return True


def openai_part(part: Media) -> dict[str, Any]:
    """A content part of Chat Completions."""
    data = base64.b64encode(part.data).decode()
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}"}}
    if part.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": data, "format": _OPENAI_SOUNDS[part.media_type]}}
    name = part.name or "attachment.pdf"
    return {"type": "file", "file": {"filename": name, "file_data": f"data:{part.media_type};base64,{data}"}}


def anthropic_block(part: Media) -> dict[str, Any]:
    """A content block of Messages."""
    source = {"type": "base64", "media_type": part.media_type, "data": base64.b64encode(part.data).decode()}
    return {"type": "image" if part.kind == "image" else "document", "source": source}


def gemini_part(part: Media) -> dict[str, Any]:
    """A content part of Gemini; both SDKs take the bytes as they are and encode them."""
    return {"inline_data": {"mime_type": part.media_type, "data": part.data}}
