"""Answer types in each provider's dialect, held against what the dialects allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from tasks.frames import ANALYSES
from tasks.providers.apis.schemas import gemini_schema, schema_digest, strict_schema
from tasks.understand.answers import Triage, analysis_of


class Place(BaseModel):
    """Where something is."""

    title: str
    type: Literal["home", "work"] = "home"


class Visit(BaseModel):
    """All that a schema may have, among it fields whose names are words of JSON Schema."""

    places: list[Place] = Field(min_length=1, max_length=4)
    nearest: Place | None = Field(None, description="The nearest one")
    default: Annotated[str, Field(pattern="^[a-z]+$", max_length=9)]
    distance: Annotated[float, Field(ge=0, lt=100)] = 1.0
    kind: Literal["only"] = "only"


TYPES = [Visit, Triage, analysis_of(frozenset(ANALYSES))]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a schema; the values of `properties` are schemas, but `properties` itself is none."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    for part in [*inner, schema["items"]] if "items" in schema else inner:
        yield from nodes(part)


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize("answer", TYPES)
def test_every_object_is_closed_and_every_property_required(answer: type[BaseModel], dialect: str) -> None:
    for node in nodes(strict_schema(answer, dialect)):
        assert "$ref" not in node
        assert "$defs" not in node
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])


@pytest.mark.parametrize("answer", TYPES)
def test_google_generativeai_takes_the_schema(answer: type[BaseModel]) -> None:
    from google.ai.generativelanguage import Schema

    schema = Schema(gemini_schema(answer))
    assert list(schema.required) == list(answer.model_fields)
    assert set(schema.properties) == set(answer.model_fields)


def test_what_a_dialect_has_no_word_for_is_said_in_words() -> None:
    anthropic, openai = (strict_schema(Visit, dialect)["properties"] for dialect in ("anthropic", "openai"))
    assert anthropic["default"] == {"type": "string", "description": "(at most 9 characters, matching ^[a-z]+$)"}
    assert openai["default"] == {"type": "string", "pattern": "^[a-z]+$", "description": "(at most 9 characters)"}
    assert openai["distance"] == {"type": "number", "minimum": 0, "description": "(less than 100)"}
    assert anthropic["places"]["description"] == "(at least 1 items, at most 4 items)"


def test_null_and_constants_keep_their_meaning() -> None:
    strict, google = strict_schema(Visit, "openai")["properties"], gemini_schema(Visit)["properties"]
    assert strict["kind"] == {"type": "string", "enum": ["only"]}
    assert [option["type"] for option in strict["nearest"]["anyOf"]] == ["object", "null"]
    assert (google["nearest"]["nullable"], google["nearest"]["type"]) == (True, "OBJECT")
    assert google["nearest"]["description"] == "The nearest one"
    assert google["places"]["items"]["properties"]["type"]["enum"] == ["home", "work"]


def test_a_schema_is_made_once_and_its_digest_tells_types_apart() -> None:
    assert strict_schema(Triage, "openai") is strict_schema(Triage, "openai")
    assert len({schema_digest(answer) for answer in TYPES}) == len(TYPES)
