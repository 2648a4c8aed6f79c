"""Media parts in each provider's format. Those that a model does not accept are left out and named."""

from __future__ import annotations

import base64
from typing import Any

from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.sheet import MediaForms
from tasks.providers.catalogue.sheets import sheet_of
from tasks.questions import Media

_SOUND_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/m4a",
    "video/mov": "video/quicktime",
}


def sendable(media: tuple[Media, ...], provider: str, model: str) -> tuple[list[Media], tuple[str, ...]]:
    """The parts that `model` accepts, and the names of those that it does not, because of type, format or size."""
    if not media:
        return [], ()
    kinds = traits(provider, model).media
    taken: list[Media] = []
    unsent: list[str] = []
    forms = sheet_of(provider).media
    room = forms.most_together
    for part in media:
        if part.kind in kinds and _fits(part, forms, room):
            taken.append(part)
            room -= len(part.data)
        else:
            unsent.append(part.name or part.media_type)
    return taken, tuple(unsent)


def _fits(part: Media, forms: MediaForms, room: int) -> bool:
    most = min(room, forms.most_each.get(part.kind, room))
    return 0 < len(part.data) <= most and _form(part) in forms.types.get(part.kind, frozenset())


def _form(part: Media) -> str:
    """The media type without parameters, under the name that providers use."""
    plain = part.media_type.partition(";")[0].strip().lower()
    return _ALIASES.get(plain, plain)


def openai_part(part: Media) -> dict[str, Any]:
    """A content part of Chat Completions."""
    data = base64.b64encode(part.data).decode()
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": f"data:{_form(part)};base64,{data}"}}
    if part.kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": data, "format": _SOUND_FORMATS[_form(part)]}}
    name = part.name or "attachment.pdf"
    return {"type": "file", "file": {"filename": name, "file_data": f"data:{_form(part)};base64,{data}"}}


def anthropic_block(part: Media) -> dict[str, Any]:
    """A content block of Messages."""
    source = {"type": "base64", "media_type": _form(part), "data": base64.b64encode(part.data).decode()}
    return {"type": "image" if part.kind == "image" else "document", "source": source}


def gemini_part(part: Media) -> dict[str, Any]:
    """A content part of Gemini. Both SDKs take the raw bytes and encode them."""
    return {"inline_data": {"mime_type": _form(part), "data": part.data}}
