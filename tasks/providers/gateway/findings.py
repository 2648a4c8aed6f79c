"""What this process found out about its providers, so that one call finds out and the others follow.

Until a key was tried with a model, one call at a time is sent with it. A model that refuses every request is asked no
more after a few. Media that a model refused are not sent to it again.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from tasks.errors import CallError, MediaRefused, Misdirected, RequestRejected, Unusable
from tasks.providers.gateway.priority_semaphore import PrioritySemaphore
from tasks.questions import Link, MediaKind, Question, without_media

T = TypeVar("T", bound=BaseModel)

_FEW = 3
"""Requests alike refused in a row after which a model is asked no more."""


class Findings:
    """Used on one event loop."""

    def __init__(self) -> None:
        self._tried: set[tuple[Link, int]] = set()
        self._gates: dict[tuple[Link, int], PrioritySemaphore] = {}
        self._answers: dict[Link, int] = {}
        self._refusals: dict[Link, tuple[int, CallError]] = {}
        self._refused_media: dict[Link, frozenset[MediaKind]] = {}

    def gate(self, link: Link, key_index: int) -> PrioritySemaphore | None:
        """The semaphore under which the key is tried with the model; null once somebody has."""
        if (link, key_index) in self._tried:
            return None
        return self._gates.setdefault((link, key_index), PrioritySemaphore(1))

    def answers(self, link: Link) -> int:
        """How many answers the model gave to this process."""
        return self._answers.get(link, 0)

    def check(self, link: Link) -> None:
        """Raise what was said of the model where it has refused a few requests in a row."""
        if link not in self._refusals:
            return
        count, error = self._refusals[link]
        if count >= _FEW:
            raise _again(error)

    def note(self, link: Link, key_index: int, error: CallError | None) -> None:
        """Take up what a request came to; null is an answer."""
        refused = isinstance(error, Misdirected) or (isinstance(error, RequestRejected) and not self.answers(link))
        if not isinstance(error, Unusable) and not refused:
            self._tried.add((link, key_index))
        if error is None:
            self._answers[link] = self.answers(link) + 1
            self._refusals.pop(link, None)
        elif isinstance(error, MediaRefused):
            pass  # the request comes again without them
        elif refused:
            count, last = self._refusals.get(link, (0, error))
            self._refusals[link] = (count + 1 if _alike(last, error) else 1, error)

    def refuses(self, link: Link, question: Question[T]) -> None:
        """Note that the model takes none of the question's media."""
        kinds = frozenset(part.kind for part in question.media)
        self._refused_media[link] = self._refused_media.get(link, frozenset()) | kinds

    def accepted(self, link: Link, question: Question[T]) -> tuple[Question[T], tuple[str, ...]]:
        """The question with the media that the model did not refuse, and the names of those left out."""
        refused = self._refused_media.get(link)
        return without_media(question, refused) if refused else (question, ())


def _alike(one: CallError, other: CallError) -> bool:
    return (one.code, one.status, _words(one)) == (other.code, other.status, _words(other))


def _words(error: CallError) -> str:
    """What was said, without the number of the request."""
    return str(error).partition(" Request `")[0]


def _again(error: CallError) -> Misdirected:
    said = f"{_words(error)} This was said of {_FEW} requests in a row, so it is asked no more. {error.advice}"
    return Misdirected(said, provider=error.provider, status=error.status, advice=error.advice)
