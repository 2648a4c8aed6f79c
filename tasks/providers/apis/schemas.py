"""JSON schemas of answer types in each provider's dialect, made once for each type."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Set
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from tasks.providers.catalogue.sheet import Dialect

Schema = dict[str, Any]

_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "a multiple of {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matching {}",
    "format": "in the format {}",
    "uniqueItems": "without repetition",
}
ROWS = "x-rows"
"""Key of a list of fixed length: the object that stands for it in dialects that hold no list to a length."""

_DIALECT_TAKES: dict[Dialect, set[str]] = {
    "openai": {"minimum", "maximum", "multipleOf", "minItems", "maxItems", "pattern"},
    "anthropic": set(),
    "gemini": {"minItems", "maxItems"},
    "grammar": set(),
}


@cache
def strict_schema(answer: type[BaseModel], dialect: Dialect) -> Schema:
    """The schema in one dialect: closed objects, all properties required, references resolved.

    A bound that the dialect does not support is written into the description for the model; our own validation checks
    it. Callers must not change the result.
    """
    return cast(Schema, _closed(plain_schema(answer), _DIALECT_TAKES[dialect]))


@cache
def schema_in_words(answer: type[BaseModel], dialect: Dialect) -> str:
    """The sentence of a prompt that shows the schema to the model."""
    schema = json.dumps(strict_schema(answer, dialect), ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object that follows this JSON schema:\n{schema}"


@cache
def gemini_schema(answer: type[BaseModel]) -> Schema:
    """The schema for google-generativeai's `Schema` message: without unions, null as `nullable`."""
    return cast(Schema, _nullable(_closed(plain_schema(answer), _DIALECT_TAKES["gemini"])))


@cache
def schema_digest(answer: type[BaseModel]) -> str:
    """SHA-256 of the type's schema, hex: part of an answer's identity."""
    return hashlib.sha256(json.dumps(answer.model_json_schema(), sort_keys=True).encode()).hexdigest()


@cache
def plain_schema(answer: type[BaseModel]) -> Schema:
    """The type's own schema, references resolved. Callers must not change it."""
    schema = answer.model_json_schema()
    return cast(Schema, _resolved(schema, schema.pop("$defs", {})))


def _resolved(node: object, definitions: Schema) -> object:
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = copy.deepcopy(definitions[node["$ref"].rsplit("/", 1)[-1]])
        return _resolved({**target, **{k: v for k, v in node.items() if k != "$ref"}}, definitions)
    return {key: _resolved(value, definitions) for key, value in node.items()}


def _closed(node: object, takes: Set[str]) -> object:
    """`node` with every object closed and every bound outside `takes` moved into the description."""
    if isinstance(node, list):
        return [_closed(item, takes) for item in node]
    if not isinstance(node, dict):
        return node
    if ROWS in node:
        node = node[ROWS] if "maxItems" not in takes else {key: value for key, value in node.items() if key != ROWS}
    said = [words.format(node[name]) for name, words in _BOUNDS.items() if name in node and name not in takes]
    # `title` and `default` are keywords here, but properties may have these names: they are handled below.
    dropped = {"title", "default", "properties", "const", *(name for name in _BOUNDS if name not in takes)}
    closed: dict[str, Any] = {key: _closed(value, takes) for key, value in node.items() if key not in dropped}
    if "const" in node:
        closed["enum"] = [node["const"]]
    if "properties" in node:
        closed["properties"] = {name: _closed(field, takes) for name, field in node["properties"].items()}
        closed["required"] = list(node["properties"])
        closed["additionalProperties"] = False
    if said:
        closed["description"] = " ".join(filter(None, [closed.get("description", ""), f"({', '.join(said)})"]))
    return closed


def _nullable(node: object) -> object:
    if isinstance(node, list):
        return [_nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: value for key, value in node.items() if key not in ("anyOf", "additionalProperties")}
    if "anyOf" in node:
        options = [option for option in node["anyOf"] if option.get("type") != "null"]
        rest = {**options[0], **rest}
        if len(options) < len(node["anyOf"]):
            rest["nullable"] = True
    if "properties" in rest:
        rest["properties"] = {name: _nullable(field) for name, field in rest["properties"].items()}
    if "items" in rest:
        rest["items"] = _nullable(rest["items"])
    rest.pop("additionalProperties", None)
    if "enum" in rest:
        rest["format"] = "enum"
    if "type" in rest:
        rest["type"] = rest["type"].upper()
    return {_SNAKE.get(key, key): value for key, value in rest.items()}


_SNAKE = {"minItems": "min_items", "maxItems": "max_items"}
