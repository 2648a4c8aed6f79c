"""A provider's batch API behind one small interface: half the price, answers within a day."""

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
    """How a batch stands; `failed` says why it was refused as a whole, empty where it was not."""

    ended: bool
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One question's result: an answer or an error; neither where it expired, was cancelled or met a busy server."""

    key: str
    answer: RawAnswer | None = None
    error: CallError | None = None


class BatchApi(Protocol):
    """One account's batches; all methods raise only `tasks.errors`. Made and closed on the model loop.

    Requests are pairs of a key and a JSON body; `batch_id` is ours, and is told to the provider where it takes one.
    """

    provider: str
    most_items: int
    most_bytes: int

    @staticmethod
    def request(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
        """The body of one request."""

    async def upload(self, batch_id: str, requests: Sequence[tuple[str, str]]) -> str | None:
        """The id of the uploaded requests; null where they are sent with the batch itself."""

    async def submit(self, batch_id: str, file_id: str | None, requests: Sequence[tuple[str, str]]) -> str:
        """The provider's id of a new batch."""

    async def find(self, batch_id: str, *, since: float, keys: Set[str], not_in: Set[str]) -> str | None:
        """The provider's id of a batch that was submitted as `batch_id` after `since` (UTC seconds); null if none was.

        Raises:
            Overloaded: A batch under way may be the one or somebody else's; it shows when it has ended.

        `keys` are its questions'; `not_in` are ids that are known to belong to other batches.
        """

    async def standing(self, remote_id: str) -> Standing: ...

    def results(self, remote_id: str, model: str) -> AsyncIterator[Result]:
        """What became of the questions, in any order; only once the batch has ended."""

    async def forget(self, remote_id: str, file_id: str | None) -> None:
        """Delete over there what the batch left behind; what is gone already is fine."""

    async def close(self) -> None: ...


def best_results(results: Iterable[Result], keys: Set[str]) -> list[Result]:
    """One result for each of these keys that has any: an answer before an error, and an error before nothing."""
    best: dict[str, Result] = {}
    for result in results:
        if result.key in keys and _worth(result) > (_worth(best[result.key]) if result.key in best else -1):
            best[result.key] = result
    return list(best.values())


def _worth(result: Result) -> int:
    return 2 if result.answer is not None else 1 if result.error is not None else 0


def result_of(key: str, error: CallError) -> Result:
    """The result of a question that came to this error; one that waiting cures is as good as not answered."""
    return Result(key=key, error=None if isinstance(error, Transient) else error)
