"""The types of models' answers. The schemas that providers get are made from them."""

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
    """The base of all answers. Extra fields are rejected. The prompts explain the fields, so the schemas do not."""

    # Docstrings are for us; in the schema they would be paid for with every mail.
    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: schema.pop("description", None))


def read_confidence(value: object) -> float | None:
    """A confidence of 0 to 1 from a model's per cent, fraction or word; null where it cannot be read.

    The prompt asks for per cent. A number up to 1 is read as a fraction, because a confidence of 1 % is not plausible.
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
    """The ISO 639-1 code for `EN`, `pt-BR` or a language's name; anything else is returned unchanged."""
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
    """The triage of a mail; `triage_of` gives the type to ask for. The reason comes first, to lead to the category."""

    reason: str
    category: str
    language: Language
    needs_reply: bool
    complexity: Complexity
    confidence: Confidence = None
    """0 to 1; null where the model gave none that can be read."""


@cache
def triage_of(language: str | None, categories: tuple[str, ...]) -> type[Triage]:
    """The type of a triage with these categories. A language that is known already is not asked for."""
    fields: dict[str, Any] = {"category": (_one_of(categories), ...)}
    if language:
        fields["language"] = (SkipJsonSchema[str], Field(language, pattern=f"^{language}$"))
    return create_model("Triage", __base__=Triage, **fields)


def _one_of(names: tuple[str, ...]) -> Any:  # noqa: ANN401  # a type made at run time has no static type
    return Literal[names]


class KeyedTriage(Triage):
    """The triage of one of several mails."""

    key: str

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        # First, so that a model says which mail it sorts before it sorts it.
        schema["properties"] = {"key": schema["properties"].pop("key"), **schema["properties"]}
        return schema


class Triages(Answer):
    """The triages of several mails."""

    mails: list[KeyedTriage]

    @field_validator("mails", mode="wrap")
    @classmethod
    def _readable(cls, value: object, validate: ValidatorFunctionWrapHandler) -> list[KeyedTriage]:
        """The valid entries. An invalid one does not invalidate the others."""
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
    """The type of the triages of several mails with these categories."""
    keyed = create_model("KeyedTriage", __base__=KeyedTriage, category=(_one_of(categories), ...))
    return create_model("Triages", __base__=Triages, mails=(list[keyed], ...))


class ActionItem(Answer):
    """One thing that somebody must do. It is asked for as a list of four texts, because field names cost tokens.

    Schema dialects that cannot fix a list's length get an object instead.
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
    """The schema of a list of `length` texts, and of the object for dialects that cannot fix a list's length."""
    fields = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    return {"type": "array", "items": {"type": "string"}, "minItems": length, "maxItems": length, ROWS: fields}


def _as_list(value: object) -> object:
    """A list of three replies, from an object or from a longer list."""
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
    """The answer's type with only the wanted fields, always in the same order, so that the schema does not vary."""
    fields: dict[str, object] = {name: _FIELDS[name] for name in ANALYSES if name in wanted}
    return create_model("Analysis", __base__=Answer, **fields)  # type: ignore[call-overload,no-any-return]  # built by name


def wanted_fields(wanted: Set[str]) -> frozenset[Analysis]:
    """The wanted analyses. A translation also needs the summary."""
    names = set(wanted) | ({"summary"} if "translation" in wanted else set())
    return frozenset(name for name in ANALYSES if name in names)
