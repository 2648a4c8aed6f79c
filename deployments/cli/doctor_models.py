"""What the doctor learns from the models: one real question to every provider that is configured."""

from __future__ import annotations

import struct
import time
import zlib
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from pydantic import ValidationError

from tasks.categories import DEFAULT_CATEGORIES
from tasks.errors import CallError, MediaRefused, RequestRejected, SchemaRefused
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.providers.apis.adapters import make_adapter, server_facts
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.event_loop import on_model_loop
from tasks.providers.gateway.answer_reading import read_answer
from tasks.providers.gateway.billing import cost_of, cost_of_failure
from tasks.providers.gateway.fingerprints import fingerprint
from tasks.questions import Adapter, Link, Media, Question, RawAnswer, Usage
from tasks.settings import Settings
from tasks.understand.connect import models_for
from tasks.understand.understand import triage_question

_PATIENCE_S = 120.0
_MOST_REQUESTS = 3
_SIDE = 32
_MAIL: dict[str, Any] = {
    "message_key": "d0c70" * 12 + "d0c7", "sender": "Ann Lee <ann@example.com>", "subject": "Meeting on Thursday",
    "date": "2026-11-24T09:00:00Z", "language": "en", "attachments": (), "media": (),
    "text": "Hello, can we meet on Thursday at ten to talk about the new lamps? Please tell me today. Ann",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """An answer, with what it took."""

    answer: RawAnswer
    seconds: float
    sees: bool
    """Whether it took the picture."""


def answer_of(provider: str, accounts: Accounts, settings: Settings) -> str:
    """What a real question to the provider showed: model, latency, whether the schema held, media, price.

    Raises:
        MailroomError: There is no answer; it says why and what to do.
    """
    account = accounts.require(provider)
    link = _link(provider, settings)
    picture = Media(kind="image", media_type="image/png", data=_picture(), name="picture.png")
    shown = (picture,) if account.media else ()
    question = replace(triage_question(_MAIL, DEFAULT_CATEGORIES), media=shown)
    book = LedgerBook(open_ledger(settings.ledger), run_id=f"doctor {uuid4()}", ttl_s=0)
    asked = on_model_loop(_ask(question, link, _patient(account), book))
    cost = cost_of(link, asked.answer)
    parts = [
        f"`{asked.answer.model or link.model}` answered in {asked.seconds:.1f} s",
        _schema(question, asked.answer.text),
        _media(account, asked),
        *_server(provider, account),
        "at an unknown price" if cost is None else f"for ${cost:.6f}" if cost else "",
    ]
    simulated = " (simulated)" if asked.answer.simulated else ""
    return ", ".join(part for part in parts if part) + simulated


def _link(provider: str, settings: Settings) -> Link:
    """The provider's model that sorts the mail."""
    chosen = settings if settings.provider == provider else settings.model_copy(update={"triage_model": None})
    chain, _reason = models_for(chosen.model_copy(update={"provider": provider, "fallbacks": ()})).for_triage(_MAIL)
    return chain[0]


def _patient(account: ProviderAccount) -> ProviderAccount:
    """The account, its question given up after two minutes at the latest."""
    return account.model_copy(update={"timeout": min(account.timeout, _PATIENCE_S)})


async def _ask(question: Question[Any], link: Link, account: ProviderAccount, book: LedgerBook) -> _Asked:
    """The answer; a picture or a schema that is refused is left out of the next request."""
    adapter = make_adapter(link.provider, account, account.keys[0] if account.keys else None, concurrency=1)
    try:
        for _ in range(_MOST_REQUESTS - 1):
            try:
                return await _booked(question, link, adapter, book, fingerprint(question, link, account))
            except SchemaRefused:
                pass  # the adapter asks without one from now on
            except (MediaRefused, RequestRejected):
                if not question.media:
                    raise
                question = replace(question, media=())
        return await _booked(question, link, adapter, book, fingerprint(question, link, account))
    finally:
        await adapter.close()


async def _booked(question: Question[Any], link: Link, adapter: Adapter, book: LedgerBook, key: str) -> _Asked:
    began = time.perf_counter()
    call = await book.begin(
        key, message_key=_MAIL["message_key"], question="doctor", provider=link.provider, model=link.model, key_index=0
    )
    try:
        answer = await adapter.ask(question, link.model)
    except CallError as error:
        usage = Usage(**error.usage) if error.usage else None
        cost = cost_of_failure(link, usage, error)
        await book.fail(call, error.code, usage=usage, price_usd=cost, answer=None, request_id=error.request_id)
        raise
    await book.finish(call, answer, cost_of(link, answer))
    return _Asked(answer=answer, seconds=time.perf_counter() - began, sees=bool(question.media) and not answer.unsent)


def _schema(question: Question[Any], text: str) -> str:
    try:
        question.answer.model_validate_json(text)
    except ValidationError:
        value, faults = read_answer(question.answer, text)
        return f"it broke the answer's schema: {faults}" if value is None else "its answer had to be put right"
    return "it held to the answer's schema"


def _media(account: ProviderAccount, asked: _Asked) -> str:
    if not account.media:
        return "no media are sent to it"
    return "it takes pictures" if asked.sees else "it takes no pictures"


def _server(provider: str, account: ProviderAccount) -> list[str]:
    facts = server_facts(provider, account)
    slots = f"{facts.slots} calls at a time" if facts.slots else ""
    context = f"{facts.context_tokens:,} tokens of context" if facts.context_tokens else ""
    return [part for part in (slots, context) if part]


def _picture() -> bytes:
    """A grey square, as PNG."""
    rows = b"".join(b"\0" + b"\x80" * _SIDE for _ in range(_SIDE))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
