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
    """Closed: what was not asked for is not accepted."""

    model_config = ConfigDict(extra="forbid")


class Triage(Answer):
    """What a mail is."""

    category: Category
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$", description="ISO 639-1 code of the mail's language")]
    needs_reply: bool
    complexity: Complexity
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: Annotated[str, Field(description="One line: why this category")]


class KeyedTriage(Triage):
    """What one of several mails is."""

    key: Annotated[str, Field(description="The mail's KEY")]


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

    text: Annotated[str, Field(description="What is to be done")]
    owner: Annotated[str | None, Field(description="Who is to do it, null when the mail does not say")]
    due: Annotated[str | None, Field(description="By when, as the mail says it, else null")]
    quote: Annotated[str, Field(description="The words of the mail it rests on, verbatim")]


_FIELDS: dict[Analysis, tuple[type, object]] = {
    "summary": (str, Field(description="2 to 3 sentences, in the mail's language")),
    "translation": (str, Field(description="The summary in the language asked for")),
    "action_items": (list[ActionItem], Field(description="Empty when the mail asks for nothing")),
    "replies": (
        list[str],
        Field(min_length=3, max_length=3, description="Three brief, professional replies of at most 50 words"),
    ),
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
