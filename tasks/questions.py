"""Questions to models and their answers: the values that providers, the ledger and the stages share."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)
MediaKind = Literal["image", "audio", "video", "pdf"]


@dataclass(frozen=True, kw_only=True)
class Media:
    """A part that is not text. `media_type` is a MIME type such as `image/png`."""

    kind: MediaKind
    media_type: str
    data: bytes
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A turn after a bad answer: the model's `answer`, and the reply to it (`said`)."""

    answer: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Question(Generic[T]):
    """A question to a model. Its fingerprint is the key under which its answer is cached.

    `instructions` is the stable prefix (providers cache it), `text` the part that differs from mail to mail. `version`
    identifies the prompt, so that an answer to an old prompt is not used for a new one.
    """

    name: str
    version: str
    instructions: str
    text: str
    answer: type[T]
    media: tuple[Media, ...] = ()
    repair: Repair | None = None
    max_tokens: int | None = None
    """Most tokens of the answer; null is the account's."""
    output_limit: int | None = None
    """Most output tokens that are paid for, thoughts included. It limits the request and is no part of the question."""
    about: tuple[str, ...] = ()
    """Keys of further mails that it shows; whom their headers name is hidden where names are."""
    follows: bool = False
    """Whether there are answers about this mail already; mails that were begun are finished before others are."""


def without_media(
    question: Question[T], kinds: Collection[MediaKind] = get_args(MediaKind)
) -> tuple[Question[T], tuple[str, ...]]:
    """The question without media of these kinds, and the names of those that are left out."""
    left_out = tuple(part.name or part.media_type for part in question.media if part.kind in kinds)
    if not left_out:
        return question, ()
    return replace(question, media=tuple(part for part in question.media if part.kind not in kinds)), left_out


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens as counted by the provider. `input_tokens` includes those read from and written to its cache."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """Requests and tokens per minute, and how many are left according to the provider; null where unknown."""

    rpm: int | None = None
    tpm: int | None = None
    requests_left: int | None = None
    tokens_left: int | None = None


@dataclass(frozen=True, kw_only=True)
class RawAnswer:
    """What an adapter returns: the answer's text, not validated, and the provider's data about it."""

    text: str
    usage: Usage | None
    """Null where the reply does not say, so that the price is unknown, too."""
    model: str
    request_id: str | None
    simulated: bool = False
    unsent: tuple[str, ...] = ()
    """Names of media parts this model does not take, which were left out."""
    limits: RateLimits | None = None
    """What the reply's rate-limit headers say this key may send; null when they say nothing."""
    odd_ending: bool = False
    """Whether the reply ended for a reason that is not known here; what it says may be whole all the same."""


@dataclass(frozen=True, kw_only=True)
class Completion(Generic[T]):
    """A validated answer with its bill. `price_usd` is null (not zero) if the model's price is unknown.

    A `cached` one was paid for by another call, so its usage and price are zero here.
    """

    value: T
    usage: Usage
    price_usd: Decimal | None
    provider: str
    model: str
    request_id: str | None
    attempts: int = 1
    """Requests sent for it, to all providers of the chain; none when it was cached."""
    cached: bool = False
    simulated: bool = False
    unsent: tuple[str, ...] = ()
    moved_on: str = ""
    """Why an earlier provider of the chain did not answer; empty when the first did."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One element of a fall-back chain: a provider and its model."""

    provider: str
    model: str


class Adapter(Protocol):
    """One provider's API behind one method. It raises only `tasks.errors` and never retries.

    There is one for each key, made on the model loop. `close` closes its connections.
    """

    provider: str

    async def ask(self, question: Question[Any], model: str) -> RawAnswer: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Account:
    """A provider as configured, without its keys; `keys` are read by the providers alone."""

    provider: str
    base_url: str | None
    model: str | None
    max_tokens: int = 1_000
    temperature: float | None = 0.7
    timeout_s: float = 60.0
    rpm: int = 10_000
    tpm: int = 300_000
    keys: int = field(default=0)
    """How many keys there are."""


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """An answer the ledger holds; `age_s` is how long ago it was given."""

    text: str
    usage: Usage
    price_usd: Decimal | None
    model: str
    request_id: str | None
    simulated: bool
    age_s: float


class Book(Protocol):
    """Where calls are written down: before they are paid for, and after. The ledger implements it.

    `key` is the fingerprint of provider, model, question and parameters; `begin` returns the call's number.
    """

    async def find(self, key: str, *, this_run: bool = False) -> StoredAnswer | None: ...

    async def begin(
        self, key: str, *, message_key: str, question: str, provider: str, model: str, key_index: int
    ) -> int: ...

    async def finish(self, call: int, answer: RawAnswer, price_usd: Decimal | None) -> None: ...

    async def fail(
        self,
        call: int,
        code: str,
        *,
        usage: Usage | None,
        price_usd: Decimal | None,
        answer: str | None,
        request_id: str | None,
    ) -> None: ...


class RateLimiter(Protocol):
    """How fast a provider's model may be asked; all chunks and processes that share a ledger share it.

    A limit that is missing or cannot be reached raises; no call goes out unlimited.
    """

    async def turn(self, link: Link, tokens: int, *, within_s: float) -> None:
        """Return when a call of about this many tokens may be sent, and no earlier than the provider allowed.

        Raises:
            RateLimited: That would not be `within_s`; `retry_after_s` says how long it would be.
        """

    def settle(self, link: Link, tokens: int, used: int, limits: RateLimits | None) -> None:
        """Correct a turn's `tokens` by those `used`, and take up the limits that the reply told."""

    async def answered(self, link: Link) -> None:
        """Note that the model answered, so that no wait it told before is in force any more."""

    async def heed(self, link: Link, *, too_fast: bool, wait_s: float = 0.0) -> None:
        """Halve the model's rate, which grows again by itself, where the provider said that it was too fast.

        And let every call of the model wait for `wait_s`, where it said to wait.
        """


class Breakers(Protocol):
    """Who is being left alone because it failed several times in a row; shared by all that share a ledger."""

    def check(self, provider: str) -> None:
        """Raise CircuitOpen when the provider is being left alone, as far as this process knows; costs nothing."""

    async def admit(self, provider: str) -> bool:
        """Whether this call is the one that probes the provider; false while its circuit is closed.

        Raises:
            CircuitOpen: It is left alone; `retry_after_s` says for how long at most.
        """

    async def succeeded(self, provider: str, *, probe: bool) -> None: ...

    async def failed(self, provider: str, *, probe: bool, cause: str = "") -> None:
        """Count a failure; `cause` says what happened, and stays known while the circuit is open."""


@dataclass(frozen=True, kw_only=True)
class CallPolicy:
    """How patient the gateway is; the values stand in `tasks.policies`."""

    attempts: int
    """Requests sent at most for one question to one provider."""
    base_s: float
    factor: float
    cap_s: float
    """The n-th wait is a random part of `base_s * factor**(n-1)`, of `cap_s` at most."""
    total_s: float
    """No request is sent later than this after the first."""
    breaker_failures: int
    """Failures in a row after which a provider is left alone."""
    breaker_open_s: float
    breaker_probe_s: float
    """After this a probe that was not heard of again counts as dead, and another is let through."""
    key_turn_s: float
    """How long one key is used before it is the next one's turn."""
    key_rest_s: float
    """How long a rejected key is left alone."""


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """Money set aside for one call, which must cost no more."""

    number: int
    most_usd: Decimal


class RunBudget(Protocol):
    """Money that may still be spent; a reservation that is never settled counts as spent."""

    async def reserve(
        self, worst_usd: Decimal | None, *, least_usd: Decimal | None = None, message_key: str = ""
    ) -> Reservation:
        """Set aside what a call about a mail may cost at most, before it is made.

        Where money is short it may be less, down to `least_usd`; the call must then be limited to what it is.

        Raises:
            BudgetExceeded: There is not that much left.
            Misconfigured: `worst_usd` is null, as the price is unknown.
        """

    def mail(self, message_key: str, expected_usd: Decimal) -> AbstractContextManager[None]:
        """While the block lasts the mail's calls are expected to cost so much together.

        It is set aside with the first of them, so that a mail that was begun can be finished.
        """

    async def settle(self, reservation: Reservation, actual_usd: Decimal | None) -> None:
        """Put in the place of the reservation what the call did cost: zero when it was not billed, null if unknown."""
