"""What this process has learnt about its models, so that one call finds out and the others follow.

Until a key has worked with a model, calls with it are sent one at a time. A model that rejects its first few requests
is not asked again. Media that a model has refused are not sent to it again.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from tasks.errors import CallError, MediaRefused, Misdirected, RequestRejected, Unusable
from tasks.providers.gateway.priority_semaphore import PrioritySemaphore
from tasks.questions import Link, MediaKind, Question, without_media

T = TypeVar("T", bound=BaseModel)

_FEW = 3
"""After so many equal rejections in a row, a model is not asked again."""


class Findings:
    """What is known about each model. To be used on one event loop."""

    def __init__(self) -> None:
        self._tried: set[tuple[Link, int]] = set()
        self._gates: dict[tuple[Link, int], PrioritySemaphore] = {}
        self._answers: dict[Link, int] = {}
        self._refusals: dict[Link, tuple[int, CallError]] = {}
        self._refused_media: dict[Link, frozenset[MediaKind]] = {}

    def gate(self, link: Link, key_index: int) -> PrioritySemaphore | None:
        """The semaphore for calls that try the key with the model; null once the key has been tried."""
        if (link, key_index) in self._tried:
            return None
        return self._gates.setdefault((link, key_index), PrioritySemaphore(1))

    def answers(self, link: Link) -> int:
        """How many answers the model has given to this process."""
        return self._answers.get(link, 0)

    def check(self, link: Link) -> None:
        """Do nothing unless the model has rejected a few requests in a row.

        Raises:
            Misdirected: It has; the message has the provider's words.
        """
        if link not in self._refusals:
            return
        count, error = self._refusals[link]
        if count >= _FEW:
            raise _again(error)

    def note(self, link: Link, key_index: int, error: CallError | None) -> None:
        """Record a request's error, or null for an answer."""
        refused = isinstance(error, Misdirected) or (isinstance(error, RequestRejected) and not self.answers(link))
        if not isinstance(error, Unusable) and not refused:
            self._tried.add((link, key_index))
        if error is None:
            self._answers[link] = self.answers(link) + 1
            self._refusals.pop(link, None)
        elif isinstance(error, MediaRefused):
            pass  # the request is repeated without media
        elif refused:
            count, last = self._refusals.get(link, (0, error))
            self._refusals[link] = (count + 1 if _alike(last, error) else 1, error)

    def refuses(self, link: Link, question: Question[T]) -> None:
        """Record that the model refuses the kinds of media that the question has."""
        kinds = frozenset(part.kind for part in question.media)
        self._refused_media[link] = self._refused_media.get(link, frozenset()) | kinds

    def accepted(self, link: Link, question: Question[T]) -> tuple[Question[T], tuple[str, ...]]:
        """The question without media of refused kinds, and the names of the media left out."""
        refused = self._refused_media.get(link)
        return without_media(question, refused) if refused else (question, ())


def _alike(one: CallError, other: CallError) -> bool:
    return (one.code, one.status, _words(one)) == (other.code, other.status, _words(other))


def _words(error: CallError) -> str:
    """The error's message without the request id."""
    return str(error).partition(" Request `")[0]


def _again(error: CallError) -> Misdirected:
    said = f"{_words(error)} It rejected {_FEW} requests in a row and is not asked again. {error.advice}"
    return Misdirected(said, provider=error.provider, status=error.status, advice=error.advice)
