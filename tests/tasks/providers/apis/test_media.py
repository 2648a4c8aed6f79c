"""Which media of a mail are sent to a model, and in which form."""

from __future__ import annotations

import base64

import pytest

from tasks.providers.apis.media import anthropic_block, gemini_part, openai_part, sendable
from tasks.questions import Media, MediaKind

PNG = Media(kind="image", media_type="image/png", data=b"png", name="plan.png")
TIFF = Media(kind="image", media_type="image/tiff", data=b"tiff", name="scan.tiff")
MP3 = Media(kind="audio", media_type="audio/mp3", data=b"mp3", name="call.mp3")
OGG = Media(kind="audio", media_type="audio/ogg; codecs=opus", data=b"ogg", name="note.ogg")
MP4 = Media(kind="video", media_type="video/mp4", data=b"mp4", name="tour.mp4")
PDF = Media(kind="pdf", media_type="application/pdf", data=b"pdf", name="bill.pdf")
ALL = (PNG, TIFF, MP3, OGG, MP4, PDF)


@pytest.mark.parametrize(
    ("provider", "model", "taken"),
    [
        ("openai", "gpt-6-luna", [PNG, PDF]),
        ("openai", "gpt-audio", [MP3]),
        ("openai", "gpt-3.5-turbo", []),
        ("anthropic", "claude-haiku-5-5", [PNG, PDF]),
        ("gemini", "gemini-3.8-flash", [PNG, MP3, OGG, MP4, PDF]),
        ("local", "llama3.2", [PNG]),
    ],
)
def test_a_model_is_sent_what_it_takes_and_the_rest_is_named(provider: str, model: str, taken: list[Media]) -> None:
    assert sendable(ALL, provider, model) == (taken, tuple(part.name for part in ALL if part not in taken))


def test_a_part_without_a_name_is_named_by_its_type() -> None:
    nameless = Media(kind="video", media_type="video/mp4", data=b"mp4")
    assert sendable((nameless,), "openai", "gpt-6-luna") == ([], ("video/mp4",))


@pytest.mark.parametrize(
    ("provider", "kind", "size"), [("anthropic", "image", 3_700_001), ("gemini", "pdf", 14_000_001)]
)
def test_what_is_too_big_or_empty_stays_behind(provider: str, kind: MediaKind, size: int) -> None:
    form = "image/png" if kind == "image" else "application/pdf"
    big, empty = (Media(kind=kind, media_type=form, data=bytes(n), name=str(n)) for n in (size, 0))
    model = "claude-haiku-5-5" if provider == "anthropic" else "gemini-3.8-flash"
    assert sendable((big, empty, PDF), provider, model) == ([PDF], (str(size), "0"))


def test_parts_are_taken_as_long_as_a_request_has_room() -> None:
    halves = tuple(
        Media(kind="pdf", media_type="application/pdf", data=bytes(8_000_000), name=f"{n}.pdf") for n in "ab"
    )
    assert sendable(halves, "gemini", "gemini-3.8-flash") == ([halves[0]], ("b.pdf",))


def test_parts_are_put_in_each_providers_words() -> None:
    def encoded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    assert openai_part(PNG)["image_url"]["url"] == f"data:image/png;base64,{encoded(b'png')}"
    assert openai_part(MP3)["input_audio"] == {"data": encoded(b"mp3"), "format": "mp3"}
    assert openai_part(PDF)["file"]["filename"] == "bill.pdf"
    assert anthropic_block(PDF)["type"] == "document"
    assert anthropic_block(PNG)["source"] == {"type": "base64", "media_type": "image/png", "data": encoded(b"png")}
    assert gemini_part(OGG) == {"inline_data": {"mime_type": "audio/ogg", "data": b"ogg"}}
