"""A hash over everything that determines an answer. The ledger stores the answer under this key."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from typing import TypeVar

from pydantic import BaseModel

from tasks.providers.apis.schemas import schema_digest
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.questions import Link, Question

T = TypeVar("T", bound=BaseModel)


def fingerprint(question: Question[T], link: Link, account: ProviderAccount) -> str:
    """SHA-256, hex, over the model, the question, its settings and its schema, without keys and time-outs.

    The server's address is included: an answer of a simulator or of another server is not reused for this one.
    """
    digest = hashlib.sha256()
    parts = (
        link.provider, link.model, account.answer_settings, str(question.max_tokens or account.max_tokens),
        question.name, question.version, question.instructions,
        question.text, schema_digest(question.answer), *(astuple(question.repair) if question.repair else ()),
        *(part for media in question.media for part in (media.kind, media.media_type, media.name)),
    )  # fmt: skip
    for part in parts:
        _add(digest, part.encode("utf-8", "surrogatepass"))
    for media in question.media:
        _add(digest, media.data)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, part: bytes) -> None:
    # The length comes first, so that two different lists of parts never give the same bytes.
    digest.update(len(part).to_bytes(8))
    digest.update(part)
