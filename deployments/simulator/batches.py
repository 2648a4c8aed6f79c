"""A batch of either provider: its requests are answered in their order as time goes by, until it ends."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deployments.simulator.wire import Answered, JsonObject, Provider, RefusedRequest

Outcome = Answered | RefusedRequest
"""What became of one request of a batch."""


@dataclass(frozen=True, slots=True)
class Item:
    """One request of a batch."""

    custom_id: str
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An uploaded or written file; `created` is in UTC seconds."""

    id: str
    name: str
    purpose: str
    content: bytes
    created: float


@dataclass(slots=True, kw_only=True)
class StoredBatch:
    """Times are UTC seconds. `answer` answers one request's body. `details` is what the provider's batch repeats.

    `faults` are what is wrong with the whole batch: one that has any answers nothing.
    """

    id: str
    provider: Provider
    items: list[Item]
    begun: float
    lasts_s: float
    expires_s: float
    answer: Callable[[JsonObject], Answered]
    details: JsonObject = field(default_factory=dict)
    faults: list[JsonObject] = field(default_factory=list)
    cancelled: float | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    def advance(self, now: float) -> list[Outcome]:
        """Settle the requests whose time has come, spread evenly over the time the batch lasts; return the new ones."""
        due = [] if self.faults else self.items[len(self.outcomes) : self._due(now)]
        settled = [self._settle(item) for item in due]
        self.outcomes += settled
        return settled

    def ended(self, now: float) -> float | None:
        """Return when the batch ended, null while it has not."""
        end = min(self._end, self.cancelled if self.cancelled is not None else self._end)
        return end if now >= end else None

    @property
    def is_expired(self) -> bool:
        """Whether its time runs out before it is done."""
        return self.lasts_s > self.expires_s

    @property
    def unanswered(self) -> list[Item]:
        """The requests that have not been settled yet; once the batch has ended, they never are."""
        return self.items[len(self.outcomes) :]

    def _settle(self, item: Item) -> Outcome:
        try:
            return self.answer(item.body)
        except RefusedRequest as e:
            return e

    @property
    def _end(self) -> float:
        return self.begun + min(self.lasts_s, self.expires_s)

    def _due(self, now: float) -> int:
        until = min(now, self.cancelled if self.cancelled is not None else now, self._end)
        if until >= self.begun + self.lasts_s:
            return len(self.items)
        return int(len(self.items) * (until - self.begun) / self.lasts_s)
