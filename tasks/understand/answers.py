"""The shapes a model's answers must have; the schema sent to the provider is made from these."""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    create_model,
    field_validator,
)

from tasks.frames import Category, Complexity

Analysis = Literal["summary", "translation", "action_items", "replies"]
ANALYSES: tuple[Analysis, ...] = ("summary", "translation", "action_items", "replies")


class Answer(BaseModel):
    """Closed: what was not asked for is not accepted. Fields are explained in the prompts, and not again here."""

    # Docstrings are for us; in the schema they would be paid for with every mail.
    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: schema.pop("description", None))


class Triage(Answer):
    """What a mail is."""

    category: Category
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")]
    needs_reply: bool
    complexity: Complexity
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str


class KeyedTriage(Triage):
    """What one of several mails is."""

    key: str


class Triages(Answer):
    """What several mails are."""

    mails: list[KeyedTriage]

    @field_validator("mails", mode="wrap")
    @classmethod
    def _readable(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> list[KeyedTriage]:
        """The entries that are as asked for: one that is not does not spoil the others."""
        if not isinstance(value, list):
            return list(validate(value))
        found: list[KeyedTriage] = []
        for entry in value:
            with suppress(ValidationError):
                found += validate([entry])
        return found


class ActionItem(Answer):
    """One thing somebody is to do."""

    text: str
    owner: str | None
    due: str | None
    quote: str


_FIELDS: dict[Analysis, tuple[type, object]] = {
    "summary": (str, Field()),
    "translation": (str, Field()),
    "action_items": (list[ActionItem], Field()),
    "replies": (list[str], Field(min_length=3, max_length=3)),
}


@cache
def analysis_of(wanted: frozenset[Analysis]) -> type[Answer]:
    """The answer's type with just the wanted fields, always in the same order, so that its schema stays the same."""
    fields: dict[str, object] = {name: _FIELDS[name] for name in ANALYSES if name in wanted}
    return create_model("Analysis", __base__=Answer, **fields)  # type: ignore[call-overload,no-any-return]  # built by name


def wanted_fields(wanted: Set[str]) -> frozenset[Analysis]:
    """The wanted analyses; a translation needs the summary it translates."""
    names = set(wanted) | ({"summary"} if "translation" in wanted else set())
    return frozenset(name for name in ANALYSES if name in names)
