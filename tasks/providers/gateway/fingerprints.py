"""What determines an answer, in one hash: the key under which the ledger keeps it."""

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
    """SHA-256 over whom is asked what, how and for which shape, hex; keys and time-outs have no part in it.

    The address is one of the parts: what a simulator or another server answered is no answer of this one.
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
    # With its length before it, so that no two lists of parts run together into the same bytes.
    digest.update(len(part).to_bytes(8))
    digest.update(part)
