"""The interface of a provider's batch API. Batches cost half the price, and answers take up to a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from tasks.errors import CallError, Transient
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.questions import Question, RawAnswer

PRICE_FACTOR = Decimal("0.5")
"""What a call in a batch costs of its price. Sources: the providers' pages on their batch APIs."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A batch's state. `failed` says why the provider rejected all of it; empty if it did not."""

    ended: bool
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One question's result: an answer or an error. Neither if it expired, was cancelled, or the server was busy."""

    key: str
    answer: RawAnswer | None = None
    error: CallError | None = None


class BatchApi(Protocol):
    """One account's batches. All methods raise only `tasks.errors`. It must be made and closed on the model loop.

    Requests are pairs of a key and a JSON body. `batch_id` is ours and is sent to providers that accept one.
    """

    provider: str
    most_items: int
    most_bytes: int

    @staticmethod
    def request(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
        """The body of one request."""

    async def upload(self, batch_id: str, requests: Sequence[tuple[str, str]]) -> str | None:
        """Upload the requests and return their id; null where they are sent with the batch itself."""

    async def submit(self, batch_id: str, file_id: str | None, requests: Sequence[tuple[str, str]]) -> str:
        """Submit a new batch and return the provider's id."""

    async def find(self, batch_id: str, *, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        """The provider's id of a batch that was submitted as `batch_id` after `since` (UTC seconds); null if none was.

        Raises:
            Overloaded: A batch in progress may be this one or another; that is known once it has ended.

        `keys` are those of its questions. `not_in` are ids that belong to other known batches.
        """

    async def standing(self, remote_id: str) -> Standing: ...

    def results(self, remote_id: str, model: str) -> AsyncIterator[Result]:
        """The questions' results in any order. Call it only when the batch has ended."""

    async def forget(self, remote_id: str, file_id: str | None) -> None:
        """Delete the batch's files at the provider. Files that are gone already are ignored."""

    async def close(self) -> None: ...


def best_results(results: Iterable[Result], keys: Set[str]) -> list[Result]:
    """One result for each of these keys that has any. Answers take precedence over errors, errors over no result."""
    best: dict[str, Result] = {}
    for result in results:
        if result.key in keys and _worth(result) > (_worth(best[result.key]) if result.key in best else -1):
            best[result.key] = result
    return list(best.values())


def _worth(result: Result) -> int:
    return 2 if result.answer is not None else 1 if result.error is not None else 0


def result_of(key: str, error: CallError) -> Result:
    """The result for a question with this error. A temporary error counts as unanswered."""
    return Result(key=key, error=None if isinstance(error, Transient) else error)
