"""The shapes a model's answers must have; the schema sent to the provider is made from these."""

from __future__ import annotations

import re
from collections.abc import Set
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from pydantic_core import CoreSchema

from tasks.frames import ANALYSES, Analysis, Complexity
from tasks.parsing.languages import parse_language
from tasks.providers.apis.schemas import ROWS
from tasks.providers.gateway.answer_reading import fitted


class Answer(BaseModel):
    """Closed: what was not asked for is not accepted. Fields are explained in the prompts, and not again here."""

    # Docstrings are for us; in the schema they would be paid for with every mail.
    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: schema.pop("description", None))


def read_confidence(value: object) -> float | None:
    """A confidence of 0 to 1 from what a model says: per cent, a fraction, or a word; null where it cannot be read.

    Per cent are asked for. A number up to 1 is a fraction all the same: nobody is sure by one per cent.
    """
    if isinstance(value, str):
        word = value.strip().rstrip("%").strip().lower()
        if word in _CONFIDENCE_WORDS:
            return _CONFIDENCE_WORDS[word]
        value = float(word) if _NUMBER.fullmatch(word) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return float(value) if value <= 1 else value / 100


def read_language(value: object) -> object:
    """The ISO 639-1 code in what a model says: `EN`, `pt-BR` or a language's name; anything else as it is."""
    if not isinstance(value, str) or _CODE.fullmatch(value):
        return value
    code = re.split(r"[-_]", value.strip().lower(), maxsplit=1)[0]
    if _CODE.fullmatch(code):
        return code
    try:
        return parse_language(value).code
    except ValueError:
        return value


_CONFIDENCE_WORDS = {"certain": 1.0, "very high": 0.95, "high": 0.9, "medium": 0.6, "low": 0.3, "very low": 0.1}
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,9})?")
_CODE = re.compile("[a-z]{2,3}")

Confidence = Annotated[
    float | None,
    BeforeValidator(read_confidence),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 100}),
]
Language = Annotated[str, BeforeValidator(read_language), Field(pattern="^[a-z]{2,3}$")]


class Triage(Answer):
    """What a mail is; `triage_of` is what is asked for. The reason comes first, so that it leads to the category."""

    reason: str
    category: str
    language: Language
    needs_reply: bool
    complexity: Complexity
    confidence: Confidence = None
    """0 to 1; null where the model gave none that can be read."""


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

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        # First, so that a model says which mail it sorts before it sorts it.
        schema["properties"] = {"key": schema["properties"].pop("key"), **schema["properties"]}
        return schema


class Triages(Answer):
    """What several mails are."""

    mails: list[KeyedTriage]

    @field_validator("mails", mode="wrap")
    @classmethod
    def _readable(cls, value: object, validate: ValidatorFunctionWrapHandler) -> list[KeyedTriage]:
        """The entries that are as asked for: one that is not does not spoil the others."""
        if not isinstance(value, list):
            return list(validate(value))
        (kind,) = get_args(cls.model_fields["mails"].annotation)
        found: list[KeyedTriage] = []
        for entry in value:
            with suppress(ValidationError):
                found += validate([fitted(kind, entry)])
        return found


@cache
def triages_of(categories: tuple[str, ...]) -> type[Triages]:
    """The triage of several mails, each as one of these categories."""
    keyed = create_model("KeyedTriage", __base__=KeyedTriage, category=(_one_of(categories), ...))
    return create_model("Triages", __base__=Triages, mails=(list[keyed], ...))


class ActionItem(Answer):
    """One thing somebody is to do; asked for as a row of four texts, for names are paid for with every mail and item.

    A dialect that holds no list to a length gets an object instead.
    """

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
        return {
            **_row_of(len(cls.model_fields), tuple(cls.model_fields)),
            "description": f"[{', '.join(cls.model_fields)}]",
        }


def _row_of(length: int, names: tuple[str, ...]) -> JsonSchemaValue:
    """The schema of so many texts in a row, and of the object that stands for it where lists are held to no length."""
    fields = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"type": "array", "items": {"type": "string"}, "minItems": length, "maxItems": length, ROWS: fields}


def _as_list(value: object) -> object:
    """Three replies, be they in an object or more than were asked for."""
    value = list(value.values()) if isinstance(value, dict) else value
    return value[:_REPLIES] if isinstance(value, list) else value


_REPLIES = 3
Replies = Annotated[
    list[str],
    BeforeValidator(_as_list),
    Field(min_length=_REPLIES, max_length=_REPLIES),
    WithJsonSchema(_row_of(_REPLIES, ("first", "second", "third"))),
]

_FIELDS: dict[Analysis, tuple[Any, object]] = {
    "summary": (str, Field()),
    "translation": (str, Field()),
    "action_items": (list[ActionItem], Field()),
    "replies": (Replies, Field()),
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
