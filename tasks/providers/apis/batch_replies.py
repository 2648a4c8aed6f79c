"""Reads a batch API's replies: errors that name the batch, and the result lines."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, TypeVar

from tasks.errors import BatchGone, CallError
from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.calls import Translate, in_our_words

T = TypeVar("T")

TRANSFER_S = 900.0
_NOT_THERE = frozenset({404, 405, 410, 501})


class BatchTarget(CallTarget):
    """The batch API as the target of calls, without a model."""

    @property
    def subject(self) -> str:
        return f"The batch API of `{self.provider}`"

    def rejected(self, status: int, headers: Mapping[str, str], content: bytes) -> CallError:
        if status not in _NOT_THERE:
            return super().rejected(status, headers, content)
        said = f"{self.subject} has no such batch, file or address (HTTP {status}). {BatchGone.advice}"
        return BatchGone(said, provider=self.provider, status=status)


async def said_of_batch(provider: str, call: Awaitable[T], translate: Translate, sign: str = "") -> T:
    """What `call` returns.

    Raises:
        BatchGone: The batch, its file or the whole API is not there.
        CallError: Anything else went wrong, as where the reply lacks the attribute `sign`, by which it is known.
    """
    target = BatchTarget(provider, "")
    reply = await in_our_words(target, call, translate, TRANSFER_S)
    if sign and not hasattr(reply, sign):
        raise target.error("no_answer")
    return reply


def readable_lines(content: bytes) -> Iterator[dict[str, Any]]:
    """The JSON objects in the lines. Truncated lines and lines of HTML pages are left out."""
    for line in content.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue
        if isinstance(read, dict):
            yield read
