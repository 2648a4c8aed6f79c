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
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from tasks.frames import ANALYSES, Analysis, Complexity


class Answer(BaseModel):
    """Closed: what was not asked for is not accepted. Fields are explained in the prompts, and not again here."""

    # Docstrings are for us; in the schema they would be paid for with every mail.
    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: schema.pop("description", None))


class Triage(Answer):
    """What a mail is; `triage_of` is what is asked for."""

    category: str
    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")]
    needs_reply: bool
    complexity: Complexity
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: str


@cache
def triage_of(language: str | None, categories: tuple[str, ...]) -> type[Triage]:
    """The triage of a mail as one of these categories; a language that is known already is not asked for."""
    fields: dict[str, Any] = {"category": (_one_of(categories), ...)}
    if language:
        fields["language"] = (SkipJsonSchema[str], Field(language, pattern=f"^{language}$"))
    return create_model("Triage", __base__=Triage, **fields)


def _one_of(names: tuple[str, ...]) -> Any:  # noqa: ANN401  # a type made at run time has no static type
    return Literal[names]


class KeyedTriage(Triage):
    """What one of several mails is."""

    key: str


class Triages(Answer):
    """What several mails are."""

    mails: list[KeyedTriage]

    @field_validator("mails", mode="wrap")
    @classmethod
    def _readable(cls, value: object, validate: ValidatorFunctionWrapHandler) -> list[KeyedTriage]:
        """The entries that are as asked for: one that is not does not spoil the others."""
        if not isinstance(value, list):
            return list(validate(value))
        found: list[KeyedTriage] = []
        for entry in value:
            with suppress(ValidationError):
                found += validate([entry])
        return found


@cache
def triages_of(categories: tuple[str, ...]) -> type[Triages]:
    """The triage of several mails, each as one of these categories."""
    keyed = create_model("KeyedTriage", __base__=KeyedTriage, category=(_one_of(categories), ...))
    return create_model("Triages", __base__=Triages, mails=(list[keyed], ...))


class ActionItem(Answer):
    """One thing somebody is to do; asked for as a row of four texts, for names are paid for with every mail and item."""

    text: str
    owner: str | None
    due: str | None
    quote: str

    @model_validator(mode="before")
    @classmethod
    def _of_row(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        if len(value) != len(cls.model_fields):
            raise ValueError(f"a row of {len(cls.model_fields)} texts is wanted: {', '.join(cls.model_fields)}")
        return dict(zip(cls.model_fields, value, strict=True))

    @field_validator("owner", "due", mode="before")
    @classmethod
    def _null_if_empty(cls, value: object) -> object:
        return None if value == "" else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        fields = len(cls.model_fields)
        return {"type": "array", "items": {"type": "string"}, "minItems": fields, "maxItems": fields}


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
