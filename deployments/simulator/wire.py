"""What the three wire protocols share: a request read, a reply made, an answer with its cost."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import orjson

JsonObject = dict[str, Any]
Provider = Literal["openai", "anthropic", "gemini"]

# A model of a name that begins so does not exist.
UNKNOWN_MODEL = "no-such"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; header names are lower case, `origin` is the address the client used, without a path."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Tokens of one call; `input_tokens` includes `cached` (read from the cache) and `stored` (written to it)."""

    input_tokens: int
    output_tokens: int
    cached: int = 0
    stored: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answered question: the provider's own response object, and what the counters note of it."""

    body: JsonObject
    model: str
    usage: TokenUsage
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply; `answered` is set where a model was asked in this request."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    model: str = ""
    answered: Answered | None = None


@dataclass(slots=True, kw_only=True)
class WireQuestion:
    """What a wire module has read out of a body; `text` joins all user text, `prefix` is the part worth caching.

    `caching` says how the provider caches: by itself (openai), when told (anthropic), or not at all.
    """

    model: str
    instructions: str
    text: str
    schema: bytes
    most_tokens: int | None
    media: int = 0
    prefix: str = ""
    own_caching: bool = False


class RefusedRequest(Exception):
    """A request that the real service would refuse, with the status and body that it would send."""

    def __init__(self, status: int, body: JsonObject) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def tokens_of(text: str | bytes) -> int:
    """Return about how many tokens a text has: a quarter of its UTF-8 bytes, rounded up, the same every time."""
    return (len(text if isinstance(text, bytes) else text.encode()) + 3) // 4


def read_object(body: bytes, refuse: Callable[[str], RefusedRequest]) -> JsonObject:
    """Return the JSON object of a body; raises what `refuse` makes of a body that is none."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError as e:
        raise refuse("We could not parse the JSON body of your request.") from e
    if not isinstance(read, dict):
        raise refuse("The body of the request must be a JSON object.")
    return read


def new_id(prefix: str) -> str:
    """Return a fresh identifier in the style of the providers."""
    return prefix + secrets.token_hex(12)


def as_json(value: object, status: int = 200, **noted: Any) -> Reply:
    """Return a JSON reply."""
    return Reply(body=orjson.dumps(value), status=status, **noted)


def is_number(value: object) -> bool:
    """Return whether a JSON value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@lru_cache(maxsize=256)
def first_fault(schema: bytes, check: Callable[[JsonObject, str], str | None], spot: str = "()") -> str | None:
    """Return what `check` finds wrong first in a schema or any schema inside it; the root is called `spot`."""
    return _search(orjson.loads(schema), check, spot)


def _search(schema: object, check: Callable[[JsonObject, str], str | None], spot: str) -> str | None:
    if not isinstance(schema, dict):
        return f"In context={spot}, the schema must be an object."
    found = check(schema, spot)
    for part, inside in _parts(schema):
        found = found or _search(inside, check, f"{spot[:-1]}{', ' if len(spot) > 2 else ''}{part})")
    return found


def _parts(schema: JsonObject) -> list[tuple[str, Any]]:
    parts: list[tuple[str, Any]] = []
    for holder in ("properties", "$defs", "definitions"):
        parts += [(f"'{holder}', '{name}'", inside) for name, inside in (schema.get(holder) or {}).items()]
    if "items" in schema:
        parts.append(("'items'", schema["items"]))
    for union in ("anyOf", "any_of"):
        parts += [(f"'{union}', '{n}'", inside) for n, inside in enumerate(schema.get(union) or [])]
    return parts
