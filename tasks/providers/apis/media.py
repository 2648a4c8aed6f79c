"""Media parts in each provider's words; what a model does not take is left out and named."""

from __future__ import annotations

import base64
from typing import Any

from tasks.providers.catalogue.models import traits
from tasks.questions import Media, MediaKind

Forms = dict[MediaKind, frozenset[str]]

_WEB_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF = frozenset({"application/pdf"})
_SOUND_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3"}
_ALIASES = {
    "image/jpg": "image/jpeg",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/m4a",
    "video/mov": "video/quicktime",
}

# Sources: OpenAI's guides on images, audio and files; Anthropic's on vision and PDF; Google's on image, audio, video and
# document understanding.
_OPENAI: Forms = {"image": _WEB_IMAGES, "audio": frozenset(_SOUND_FORMATS), "pdf": _PDF}
_FORMS: dict[str, Forms] = {
    "openai": _OPENAI,
    "local": _OPENAI,
    "anthropic": {"image": _WEB_IMAGES, "pdf": _PDF},
    "gemini": {
        "image": frozenset(f"image/{name}" for name in "png jpeg webp heic heif".split()),
        "audio": frozenset(f"audio/{name}" for name in "wav mpeg aiff aac ogg flac m4a".split()),
        "video": frozenset(f"video/{name}" for name in "mp4 mpeg quicktime avi x-flv mpg webm wmv 3gpp".split()),
        "pdf": _PDF,
    },
}
# Bytes before base64 makes four of every three: one part, and all of a request with room for its text.
_MOST_EACH: dict[str, dict[MediaKind, int]] = {"anthropic": {"image": 3_700_000}}
_MOST_TOGETHER = {"openai": 36_000_000, "local": 36_000_000, "anthropic": 22_000_000, "gemini": 14_000_000}


def sendable(media: tuple[Media, ...], provider: str, model: str) -> tuple[list[Media], tuple[str, ...]]:
    """The parts `model` takes, and the names of those it does not: for their kind, their form or their size."""
    if not media:
        return [], ()
    kinds = traits(provider, model).media
    taken: list[Media] = []
    unsent: list[str] = []
    room = _MOST_TOGETHER[provider]
    for part in media:
        if part.kind in kinds and _fits(part, provider, room):
            taken.append(part)
            room -= len(part.data)
        else:
            unsent.append(part.name or part.media_type)
    return taken, tuple(unsent)


def _fits(part: Media, provider: str, room: int) -> bool:
    most = min(room, _MOST_EACH.get(provider, {}).get(part.kind, room))
    return 0 < len(part.data) <= most and _form(part) in _FORMS[provider].get(part.kind, frozenset())


def _form(part: Media) -> str:
    """The media type without parameters, under the name that providers know it by."""
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
    """A content part of Gemini; both SDKs take the bytes as they are and encode them."""
    return {"inline_data": {"mime_type": _form(part), "data": part.data}}
