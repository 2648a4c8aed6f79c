"""What the receiver answers, as its OpenAPI description tells it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Receipt(BaseModel):
    """What became of a post; both words mean that the mail is safe."""

    status: Literal["accepted", "duplicate"] = Field(description="`duplicate`: it came before and is not kept twice.")
    delivery: str = Field(description="The receiver's name for this post.")
    mails: int = Field(description="How many mails it brought; a file of many counts as one.")


class FileReceipt(BaseModel):
    """What became of one uploaded file."""

    name: str
    status: Literal["accepted", "duplicate", "refused"]
    reason: str = Field("", description="Why it was refused, and what to do; else empty.")
    delivery: str = Field("", description="Ask `/deliveries/{id}` with it what becomes of the file; empty if refused.")


class UploadReceipt(BaseModel):
    """What became of the files of an upload, in their order."""

    files: list[FileReceipt]


class DeliveryProgress(BaseModel):
    """What has become of one post or file."""

    waiting: bool = Field(description="Its file lies in the inbox, for a run to read it.")
    unreadable: bool = Field(description="Not all of the file could be read; it is kept in the folder `unreadable`.")
    finished: bool = Field(description="Nothing of it waits or is being worked on.")
    mails: dict[str, int] = Field(description="Mails met so far, by status.")


class RunView(BaseModel):
    """A run and how its mails stand."""

    id: str
    name: str
    state: str = Field(description="Prefect's name of the run's state; empty before it has one.")
    finished: bool
    mails: dict[str, int] = Field(description="Mails with an outcome of this run, by status.")


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether mail can be taken; each part is `ok` or says what is wrong."""

    ready: bool
    ledger: str
    disk: str
    prefect: str = Field(description="Mail is taken and kept while Prefect is away, so this alone leaves `ready` true.")


class Problem(BaseModel):
    """Why a request was not served, and what to do."""

    detail: str


def problems(**by_status: str) -> dict[int | str, dict[str, Any]]:
    """Answers with a `Problem`, for FastAPI's `responses`; names are statuses behind an underscore."""
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
