"""Everything that can go wrong, sorted by what the caller does next.

MailroomError
├── Transient            wait and ask again             → the call is retried, then the next provider
│   ├── RateLimited      RATE_LIMIT, with `retry_after_s`
│   ├── Overloaded       OVERLOADED
│   ├── TimedOut         TIMEOUT
│   ├── Unreachable      NETWORK_ERROR
│   ├── ServerFault      API_ERROR, status 5xx
│   └── CircuitOpen      CIRCUIT_OPEN, the provider is being left alone
├── Permanent            asking again cannot help       → the row is parked
│   ├── RequestRejected  API_ERROR, status 4xx
│   ├── MediaRefused     API_ERROR, the model takes no such media → asked again without them
│   ├── TooLong          TOO_LONG, more tokens than the model reads
│   ├── BadAnswer        VALIDATION_ERROR
│   ├── CutAnswer        VALIDATION_ERROR, the answer hit its token limit
│   ├── Refused          REFUSED, for safety
│   └── Unreadable       VALIDATION_ERROR, there is nothing to read in the mail
├── Unusable             this key or provider, for now  → the next key, then the next provider
│   ├── KeyRejected      AUTH
│   ├── OutOfFunds       OUT_OF_FUNDS
│   ├── Misdirected      CONFIGURATION, wrong for every mail → asked no more after a few, the mails stay to be taken up
│   └── SchemaRefused    CONFIGURATION, a local server holds to no schema → asked again without one
├── BudgetExceeded       BUDGET_EXCEEDED                → the rest is left PENDING
├── Stopped              STOPPED                        → the rest is left PENDING
├── AwaitingBatch        AWAITING_BATCH                 → the mail stays PROCESSING until the answer is collected
├── OwnFault             INTERNAL_ERROR                 → the row is parked, and somebody told
├── LostChunk            LOST_CHUNK                     → its rows are FAILED, the next run takes them up
├── ChunkUnfinished      some rows of a chunk failed through the provider → the chunk is tried again
├── SourceUnavailable    the source refuses for now     → the run stops, and the next one goes on
└── Misconfigured        nothing can work               → the run stops before work

Every error survives pickling (workers of Dask and Ray send them home), keeps which provider said it and under
which request id, and tells the operator what to do.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal, get_args

Concern = Literal["mail", "provider", "run"]

ErrorCode = Literal[
    "RATE_LIMIT",
    "OVERLOADED",
    "TIMEOUT",
    "NETWORK_ERROR",
    "API_ERROR",
    "CIRCUIT_OPEN",
    "TOO_LONG",
    "VALIDATION_ERROR",
    "REFUSED",
    "AUTH",
    "OUT_OF_FUNDS",
    "BUDGET_EXCEEDED",
    "STOPPED",
    "AWAITING_BATCH",
    "LOST_CHUNK",
    "INTERNAL_ERROR",
    "CONFIGURATION",
]
ERROR_CODES: tuple[ErrorCode, ...] = get_args(ErrorCode)


_SECOND_SENTENCE = re.compile(r"[.!?] [A-Z]")


class MailroomError(Exception):
    """Base of all; `code` is what frames and the ledger store, `advice` is what the operator should do."""

    code: ClassVar[ErrorCode] = "CONFIGURATION"
    concerns: ClassVar[Concern] = "run"
    advice: str = ""
    curable: ClassVar[bool] = False
    """Whether the next run may find it gone, and so takes the mail up."""
    by_itself: ClassVar[bool] = False
    """Whether it goes away without anybody doing something."""

    @property
    def told(self) -> str:
        """What happened and what to do about it, as sentences in one line."""
        happened = " ".join(str(self).split()).rstrip(".")
        if self.advice.rstrip(".") in happened:  # some messages have it in them
            return f"{happened}."
        return f"{happened}. {self.advice}"


class CallError(MailroomError):
    """A provider call that failed. All arguments but the message are keywords and may be unknown.

    `usage` is set when the provider billed the call although it failed; `answer` then holds the raw text. With
    `price_unknown` it may have been billed, and nobody said how much. `advice` stands in for the class's own.
    """

    sent = 0
    """Requests sent for the question before this error was raised."""
    words = ""
    """A hash of what the provider said, to see whether it says the same again."""

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        status: int | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        usage: dict[str, int] | None = None,
        answer: str | None = None,
        price_unknown: bool = False,
        advice: str = "",
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.status = status
        self.request_id = request_id
        self.retry_after_s = retry_after_s
        self.usage = usage
        self.answer = answer
        self.price_unknown = price_unknown
        if advice:
            self.advice = advice

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own reduce calls the class with `args` alone and then restores __dict__, which is all we need.
        return (type(self), self.args, self.__dict__)


class Transient(CallError):
    """The provider could not do it now."""

    concerns = "provider"
    curable = True
    by_itself = True


class RateLimited(Transient):
    """The provider wants fewer requests or tokens a minute."""

    code = "RATE_LIMIT"
    advice = "Lower the provider's *_RPM or *_TPM, or wait; the next run takes these mails up."


class Overloaded(Transient):
    """The provider has too much to do."""

    code = "OVERLOADED"
    advice = "The provider is overloaded; run again later or add a fall-back provider."


class TimedOut(Transient):
    """The provider did not answer in time."""

    code = "TIMEOUT"
    advice = "Raise the provider's *_TIMEOUT, or check the network; the next run takes these mails up."


class Unreachable(Transient):
    """No connection to the provider, or it broke."""

    code = "NETWORK_ERROR"
    advice = "Check the network and the provider's *_BASE_URL; the next run takes these mails up."


class ServerFault(Transient):
    """The provider answered with a server error (5xx)."""

    code = "API_ERROR"
    advice = "The provider answers with server errors; see its status page; the next run takes these mails up."


class CircuitOpen(Transient):
    """The provider failed several times in a row, and is asked again after a pause."""

    code = "CIRCUIT_OPEN"
    advice = "Mend what it says; if it cannot be reached, check its *_BASE_URL; the next run takes these mails up."


class Permanent(CallError):
    """The provider will give the same answer again."""

    concerns = "mail"


class RequestRejected(Permanent):
    """The provider rejected the request (4xx)."""

    code = "API_ERROR"
    advice = "The provider refused the request; check the model's name and parameters."


class BatchGone(RequestRejected):
    advice = "Its questions are asked again in another batch, a few times at most."


class MediaRefused(RequestRejected):
    """The model takes no media of this kind."""

    advice = "The model takes no such media; it is asked without them."


class TooLong(Permanent):
    """The mail has more tokens than the model reads."""

    code = "TOO_LONG"
    advice = "The mail does not fit the model's window; choose a model with a larger one."


class BadAnswer(Permanent):
    """The answer does not have the form that was asked for, after a repair either."""

    code = "VALIDATION_ERROR"
    advice = "The raw answer is kept in the ledger; another model may answer as asked."


class CutAnswer(BadAnswer):
    """The answer reached its token limit before its end."""

    advice = "The answer was cut at the token limit; raise the provider's *_MAX_TOKENS."


class Refused(Permanent):
    """The model declined for safety reasons."""

    code = "REFUSED"
    advice = "The model declined for safety reasons; read the mail yourself."


class Unreadable(Permanent):
    """There is nothing to read in the mail."""

    code = "VALIDATION_ERROR"
    advice = "Open the original."


class Unusable(CallError):
    """This key or provider cannot be used for now."""

    concerns: ClassVar[Concern] = "provider"
    curable = True


class KeyRejected(Unusable):
    """The provider rejected the API key."""

    code = "AUTH"
    advice = "The provider rejected the API key; check the provider's *_API_KEY."


class OutOfFunds(Unusable):
    """The provider's account has no credit left."""

    code = "OUT_OF_FUNDS"
    advice = "The provider's account has no credit left; top it up or add another key."


class Misdirected(Unusable):
    """A request that would be refused for every mail: the model, a parameter, the address, a right or the country."""

    code = "CONFIGURATION"
    concerns = "run"
    advice = "Check the provider's *_MODEL and *_BASE_URL; the mails are taken up by the next run."


class SchemaRefused(Misdirected):
    """The server holds no answer to a schema, and is asked without one from now on."""

    advice = "It is asked for JSON objects without a schema."


class BudgetExceeded(MailroomError):
    """A budget leaves less than the next call may cost."""

    code = "BUDGET_EXCEEDED"
    advice = "The run reached its budget; raise it, or let the next run take the rest up."
    curable = True


class Stopped(MailroomError):
    """A signal, a person or a lost lease stopped the run before the question was asked."""

    code = "STOPPED"
    advice = "The next run takes the mail up, and pays for no answer twice."
    curable = True
    by_itself = True


class AwaitingBatch(MailroomError):
    """The question waits for the answer of a batch."""

    code = "AWAITING_BATCH"
    advice = "It comes within a day; `collect-batches` takes the mail up then."
    by_itself = True


class Misconfigured(MailroomError):
    """A setting, a rule or a source is missing or wrong; nothing was processed."""

    code = "CONFIGURATION"
    advice = "Mend the setting that the message names and run again."

    @property
    def told(self) -> str:
        """The message; with the advice of its class only where it is one sentence, as others say what to do."""
        happened = " ".join(str(self).split())
        return happened if _SECOND_SENTENCE.search(happened) else super().told


class SourceError(Misconfigured):
    """A source that isn't there, is empty or lacks what it must have; nothing was processed."""

    advice = "Check the source that the message names."


class SourceUnavailable(MailroomError):
    """The source of the mail refuses for now, and was asked several times; the message has its own words.

    `retry_after_s` is how long it asked to be left alone; null where it did not say.
    """

    code = "NETWORK_ERROR"
    by_itself = True
    advice = "No setting is wrong; the next run goes on where this one stopped."

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, retry_after_s)
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return str(self.args[0])


class OwnFault(MailroomError):
    """A fault of Mailroom itself that stopped one mail."""

    code = "INTERNAL_ERROR"
    advice = "This is a fault of Mailroom; report it with the mail's key and the version."


class LostChunk(MailroomError):
    """No answer came back from the task that read the mail's chunk."""

    code = "LOST_CHUNK"
    advice = "See the chunk's log in Prefect's UI; the next run takes these mails up."
    curable = True


class ChunkUnfinished(MailroomError):
    """Some mails of a chunk failed because of the provider. `rows` holds all that is known of the chunk.

    Raised so that Prefect tries the chunk again and does not cache it; what was answered already comes from the
    ledger then. `transient` says whether trying again can help.
    """

    code = "LOST_CHUNK"

    def __init__(self, message: str, rows: object, transient: bool) -> None:
        super().__init__(message, rows, transient)
        self.rows = rows
        self.transient = transient

    def __str__(self) -> str:
        return str(self.args[0])

    def __repr__(self) -> str:
        # Prefect logs what it catches by its repr, and the rows hold what was read of the mails.
        return f"{type(self).__name__}({self.args[0]!r})"
