"""The receiver's responses, as in its OpenAPI description."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Receipt(BaseModel):
    """The result of a post. Both words mean that the mail is safe."""

    status: Literal["accepted", "duplicate"] = Field(description="`duplicate`: it came before and is not kept twice.")
    delivery: str = Field(description="The receiver's name for this post.")
    mails: int = Field(description="How many mails it brought; a file of many counts as one.")


class FileReceipt(BaseModel):
    """The result of one uploaded file."""

    name: str
    status: Literal["accepted", "duplicate", "refused"]
    reason: str = Field("", description="Why it was refused, and what to do; else empty.")
    delivery: str = Field("", description="Ask `/deliveries/{id}` with it what becomes of the file; empty if refused.")


class UploadReceipt(BaseModel):
    """The results of an upload's files, in order."""

    files: list[FileReceipt]


class DeliveryProgress(BaseModel):
    """The progress of one post or file."""

    waiting: bool = Field(description="Its file lies in the inbox, for a run to read it.")
    unreadable: bool = Field(description="Not all of the file could be read; it is kept in the folder `unreadable`.")
    finished: bool = Field(description="Nothing of it waits or is being worked on.")
    mails: dict[str, int] = Field(description="Mails met so far, by status.")


class RunView(BaseModel):
    """A run and the outcomes of its mails."""

    id: str
    name: str
    state: str = Field(description="Prefect's name of the run's state; empty before it has one.")
    finished: bool
    mails: dict[str, int] = Field(description="Mails with an outcome of this run, by status.")


class LeftOutPiece(BaseModel):
    """Words of a mail that no model was given."""

    what: str
    why: str
    text: str


class MailEffect(BaseModel):
    """One thing that was to be done about a mail, as it stands now."""

    action: str
    target: str
    state: str
    detail: str
    rule: str
    dry_run: bool


class CallView(BaseModel):
    """One call to a provider; `shared_by` mails bear its tokens and its price in equal shares."""

    question: str
    provider: str
    model: str
    state: str
    error_code: str | None
    shared_by: int
    input_tokens: int
    output_tokens: int
    usd: float | None = Field(description="Null where the price is unknown.")
    simulated: bool
    begun_at: float = Field(description="UTC seconds since 1970.")


class MailView(BaseModel):
    """All that is known of one mail."""

    outcome: dict[str, Any] = Field(description="Its newest outcome, as in `outcomes.jsonl`.")
    text: str | None = Field(description="What a model is given of it; null once its bytes are forgotten.")
    left_out: list[LeftOutPiece]
    effects: list[MailEffect]
    calls: list[CallView]


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether mail can be accepted. Each part is `ok` or says what is wrong."""

    ready: bool
    ledger: str
    disk: str
    prefect: str = Field(description="Mail is taken and kept while Prefect is away, so this alone leaves `ready` true.")


class Problem(BaseModel):
    """Why a request was not served, and what to do."""

    detail: str


def problems(**by_status: str) -> dict[int | str, dict[str, Any]]:
    """Responses with a `Problem`, for FastAPI's `responses`. Names are statuses after an underscore."""
    return {int(name[1:]): {"model": Problem, "description": text} for name, text in by_status.items()}


PROBLEMS = problems(
    _400="The body could not be read.",
    _401="No valid signature, user or token came with it.",
    _403="A page of another site posted it.",
    _408="The body stalled.",
    _413="The body is too long.",
    _415="The content type is none of those listed.",
    _422="The body has none of the known formats.",
    _429="Too many posts from this address; see Retry-After.",
    _503="It can't be made durable now; post it again.",
    _507="The disk is full.",
)
