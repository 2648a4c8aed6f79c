"""A question on its way to one model, and what its requests have come to so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from tasks.errors import CallError, RequestRejected, ServerFault
from tasks.questions import Link, Question

T = TypeVar("T", bound=BaseModel)

_MAILS_OWN = "Read the mail yourself, or let another provider read it."


@dataclass(kw_only=True)
class Call(Generic[T]):
    """One question to one model, over all requests that are sent for it."""

    question: Question[T]
    link: Link
    key: str
    message_key: str
    patient: bool
    """Whether to wait for an open circuit; false where another model can be asked instead."""
    begun: float | None = None
    """When its first request had its turn (UTC seconds); null before."""
    sent: int = 0
    """Requests sent so far."""
    faults: str = field(default="it was empty", repr=False)
    """What is wrong with `answer`."""
    answer: str = field(default="", repr=False)
    """The text of the latest bad answer."""
    failed_with: tuple[str, int] = ("", 0)
    """The words of the latest server error, and how many answers the model had given by then."""

    def attributed(self, error: CallError, *, answers: int) -> CallError:
        """The error of a request for this call; a `RequestRejected` if this mail is the error's cause.

        That is so if the provider repeats the error word for word and has answered other mails in between. `answers`
        are the answers that the model has given so far.
        """
        if not isinstance(error, ServerFault) or not error.words:
            return error
        words, before = self.failed_with
        self.failed_with = (error.words, before if words == error.words else answers)
        if words != error.words or answers == before:
            return error
        said = (
            f"{str(error).removesuffix(error.advice).strip()} It says the same of this mail each time, "
            "and answers others."
        )
        return RequestRejected(f"{said} {_MAILS_OWN}", provider=error.provider, status=error.status, advice=_MAILS_OWN)
