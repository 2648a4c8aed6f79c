"""What the simulator was asked, counted by provider and model."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from deployments.simulator.wire import Answered, Provider, RefusedRequest


@dataclass(slots=True)
class RequestCounts:
    """Counts of one model, or of several added up; `refused` is by HTTP status.

    `input_tokens` includes `cached_tokens` (read from the prompt cache) and `stored_tokens` (written to it).
    `connections` are those whose first request asked this model.
    """

    requests: int = 0
    answered: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    stored_tokens: int = 0
    connections: int = 0

    def note(self, answered: Answered) -> None:
        """Count one answer and its tokens."""
        self.answered += 1
        self.input_tokens += answered.usage.input_tokens
        self.output_tokens += answered.usage.output_tokens
        self.cached_tokens += answered.usage.cached
        self.stored_tokens += answered.usage.stored

    def add(self, other: "RequestCounts") -> None:
        """Count what another tally has counted."""
        for name in (
            "requests",
            "answered",
            "input_tokens",
            "output_tokens",
            "cached_tokens",
            "stored_tokens",
            "connections",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.refused.update(other.refused)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as a JSON object."""
        counts = {name: getattr(self, name) for name in self.__slots__}
        return counts | {"refused": {str(status): n for status, n in sorted(self.refused.items())}}


class Counters:
    """All counts since the start or the last reset.

    A request that names no model, or is refused before its model is known, counts under the model `""`. What is
    answered inside a batch is kept apart, for providers bill it at another price.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set all counts to zero."""
        self._live: defaultdict[tuple[Provider, str], RequestCounts] = defaultdict(RequestCounts)
        self._batched: defaultdict[tuple[Provider, str], RequestCounts] = defaultdict(RequestCounts)
        self._batches: Counter[Provider] = Counter()
        self._mails: Counter[str] = Counter()

    def note_request(self, provider: Provider, model: str, *, connected: bool) -> RequestCounts:
        """Count one HTTP request and return the tally it counts under; `connected`: the first of its connection."""
        tally = self._live[provider, model]
        tally.requests += 1
        tally.connections += connected
        return tally

    def note_mails(self, answered: Answered) -> None:
        """Count the mails that one answered question was about."""
        self._mails.update(answered.tags)

    def note_batch(self, provider: Provider) -> None:
        """Count a batch begun."""
        self._batches[provider] += 1

    def note_batched(self, provider: Provider, outcome: Answered | RefusedRequest) -> None:
        """Count a question that was settled inside a batch."""
        if isinstance(outcome, RefusedRequest):
            self._batched[provider, ""].refused[outcome.status] += 1
            return
        self._batched[provider, outcome.model].note(outcome)
        self.note_mails(outcome)

    def as_json(self, *, with_mails: bool = False) -> dict[str, Any]:
        """Return all counts; `with_mails` adds how often each mail was asked about, by its tag."""
        providers = sorted({provider for provider, _ in [*self._live, *self._batched]})
        counts = {
            "total": _sum(self._live.values()).as_json(),
            "batched": _sum(self._batched.values()).as_json(),
            "batches": self._batches.total(),
            "mails": len(self._mails),
            "providers": {provider: self._of_provider(provider) for provider in providers},
        }
        return counts | ({"mail_tags": dict(self._mails)} if with_mails else {})

    def _of_provider(self, provider: Provider) -> dict[str, Any]:
        live = {model: tally for (name, model), tally in self._live.items() if name == provider}
        batched = {model: tally for (name, model), tally in self._batched.items() if name == provider}
        return {
            "total": _sum(live.values()).as_json(),
            "batched": _sum(batched.values()).as_json(),
            "batches": self._batches[provider],
            "models": {model: tally.as_json() for model, tally in live.items()},
            "batched_models": {model: tally.as_json() for model, tally in batched.items()},
        }


def _sum(tallies: Iterable[RequestCounts]) -> RequestCounts:
    total = RequestCounts()
    for tally in tallies:
        total.add(tally)
    return total
