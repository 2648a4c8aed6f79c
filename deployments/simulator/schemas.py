"""Answer schemas: read from any provider's dialect, and values made to fit them."""

from dataclasses import dataclass, field
from typing import Any, Final

JsonObject = dict[str, Any]
MISSING: Final = object()

# Gemini's REST transport of protocol buffers sends enum numbers: ai.google.dev/api/caching#Type
_NUMBERED = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object", 7: "null"}
_DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value must look like: `kind` is a JSON Schema type; an empty `enum` allows every value."""

    kind: str
    nullable: bool = False
    properties: dict[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None
    enum: tuple[Any, ...] = ()
    fewest: int = 0
    most: int | None = None
    minimum: float | None = None
    maximum: float | None = None


def shape_of(schema: JsonObject) -> Shape:
    """Return the shape of a JSON Schema or a Gemini schema (numbered, upper or lower case types, `nullable`)."""
    return _shape(schema, schema.get("$defs") or schema.get("definitions") or {}, 0)


def fit(value: object, shape: Shape) -> object:
    """Return a value that has the shape and only its properties, kept from `value` where that fits."""
    if value is None and shape.nullable:
        return None
    if shape.enum:
        return value if value in shape.enum else shape.enum[-1]
    if shape.kind == "object":
        given = value if isinstance(value, dict) else {}
        if isinstance(value, list):  # a row asked for as an object
            given = dict(zip(shape.properties, value, strict=False))
        return {name: fit(given.get(name, MISSING), part) for name, part in shape.properties.items()}
    if shape.kind == "array":
        return _fit_array(value, shape)
    if shape.kind in ("number", "integer"):
        return _fit_number(value, shape)
    if shape.kind == "boolean":
        return value if isinstance(value, bool) else False
    if shape.kind == "null":
        return None
    return value if isinstance(value, str) else "simulated"


def _fit_array(value: object, shape: Shape) -> list[Any]:
    items = shape.items or Shape(kind="string")
    if isinstance(value, dict):  # an object asked for as a row
        value = ["" if one is None else one for one in value.values()]
    given = [fit(item, items) for item in value] if isinstance(value, list) else []
    given += [fit(MISSING, items) for _ in range(shape.fewest - len(given))]
    return given[: shape.most]


def _fit_number(value: object, shape: Shape) -> float | int:
    number: float = value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
    if shape.kind == "integer" and isinstance(number, float) and number <= 1:
        number = round(100 * number)  # a share asked for in per cent
    number = number if shape.minimum is None else max(number, shape.minimum)
    number = number if shape.maximum is None else min(number, shape.maximum)
    return int(number) if shape.kind == "integer" else number


def _shape(schema: JsonObject, named: JsonObject, depth: int) -> Shape:
    if depth > _DEEPEST:
        return Shape(kind="null", nullable=True)
    if "$ref" in schema:
        return _shape(named.get(str(schema["$ref"]).rsplit("/", 1)[-1], {}), named, depth + 1)
    union = schema.get("anyOf") or schema.get("any_of") or schema.get("oneOf")
    if union:
        return _union([_shape(part, named, depth + 1) for part in union])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kinds = [_kind(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])]
    items = schema.get("items")
    enum = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
    return Shape(
        kind=next((kind for kind in kinds if kind != "null"), "null"),
        nullable=bool(schema.get("nullable")) or "null" in kinds,
        properties={n: _shape(part, named, depth + 1) for n, part in (schema.get("properties") or {}).items()},
        items=_shape(items, named, depth + 1) if isinstance(items, dict) else None,
        enum=tuple(enum),
        fewest=int(schema.get("minItems") or schema.get("min_items") or 0),
        most=_whole(schema.get("maxItems") or schema.get("max_items")),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
    )


def _union(parts: list[Shape]) -> Shape:
    """Return the first part that is not null, nullable if any part is."""
    chosen = next((part for part in parts if part.kind != "null"), parts[0])
    if not any(part.nullable or part.kind == "null" for part in parts) or chosen.nullable:
        return chosen
    names = ("kind", "properties", "items", "enum", "fewest", "most", "minimum", "maximum")
    return Shape(nullable=True, **{name: getattr(chosen, name) for name in names})


def _kind(kind: object) -> str:
    return _NUMBERED.get(kind, "string") if isinstance(kind, int) else str(kind).lower()


def _whole(value: str | float | None) -> int | None:
    return None if value is None else int(value)
