"""Google's Gemini. Sources: its pages on image, audio, video and document understanding, and on thinking."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import MediaForms, Sheet, Traits
from tasks.questions import MediaKind

_ALL: frozenset[MediaKind] = frozenset({"image", "audio", "video", "pdf"})


class GeminiAccount(ProviderAccount):
    """`GEMINI_SDK` says which of Google's two SDKs asks; the first gets no more updates."""

    prefixes = ("GEMINI_", "GOOGLE_")
    sdk: Literal["google-generativeai", "google-genai"] = Field(
        "google-generativeai", description="Which of Google's SDKs asks; the first gets no more updates."
    )


GEMINI = Sheet(
    name="gemini",
    account=GeminiAccount,
    apis={
        "google-generativeai": "tasks.providers.apis.gemini_generative:GeminiGenerative",
        "google-genai": "tasks.providers.apis.gemini_genai:GeminiGenAI",
    },
    address="https://generativelanguage.googleapis.com",
    models={
        "triage": "gemini-3.1-flash-lite",
        "simple": "gemini-3.1-flash-lite",
        "medium": "gemini-3.8-flash",
        "complex": "gemini-4-argon",
    },
    families={
        "": Traits(thinking_tokens=4_000, effort="low", media=_ALL),
        "gemini-2.5": Traits(
            thinking_tokens=4_000, media=_ALL
        ),  # counts its thoughts by a budget, and keeps it low itself
        "gemini-1": Traits(media=_ALL),
        "gemini-2.0": Traits(media=_ALL),
    },
    media=MediaForms(
        types={
            "image": frozenset(f"image/{name}" for name in "png jpeg webp heic heif".split()),
            "audio": frozenset(f"audio/{name}" for name in "wav mpeg aiff aac ogg flac m4a".split()),
            "video": frozenset(f"video/{name}" for name in "mp4 mpeg quicktime avi x-flv mpg webm wmv 3gpp".split()),
            "pdf": frozenset({"application/pdf"}),
        },
        most_together=14_000_000,
    ),
    dialect="gemini",
    price_list="google",
    estimate_factor=1.3,
)
