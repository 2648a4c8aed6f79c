"""Which request goes where, and what the three providers' replies have of their own."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from deployments.simulator import (
    anthropic_batches,
    anthropic_wire,
    gemini_wire,
    openai_batches,
    openai_files,
    openai_wire,
)
from deployments.simulator.state import SimulatorState
from deployments.simulator.wire import JsonObject, Provider, RefusedRequest, Reply, Request

REQUEST_ID_HEADERS: Final[dict[Provider, bytes]] = {
    "openai": b"x-request-id",
    "anthropic": b"request-id",
    "gemini": b"x-goog-request-id",
}
# It refuses nobody for asking much, and tells so in the way each provider tells its limits a minute.
_REQUESTS, _TOKENS = b"1000000", b"1000000000"
LIMIT_HEADERS: Final[dict[Provider, tuple[tuple[bytes, bytes], ...]]] = {
    "openai": (
        (b"x-ratelimit-limit-requests", _REQUESTS),
        (b"x-ratelimit-limit-tokens", _TOKENS),
        (b"x-ratelimit-remaining-requests", _REQUESTS),
        (b"x-ratelimit-remaining-tokens", _TOKENS),
    ),
    "anthropic": (
        (b"anthropic-ratelimit-requests-limit", _REQUESTS),
        (b"anthropic-ratelimit-requests-remaining", _REQUESTS),
        (b"anthropic-ratelimit-tokens-limit", _TOKENS),
        (b"anthropic-ratelimit-tokens-remaining", _TOKENS),
    ),
    "gemini": (),
}
_REFUSALS = {"openai": openai_wire.refuse, "anthropic": anthropic_wire.refuse, "gemini": gemini_wire.refuse}


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a request; `asks` where a model is asked at once, which takes the model's latency."""

    provider: Provider
    handle: Callable[[Request, SimulatorState], Reply]
    asks: bool = False


_EXACT = {
    ("POST", "/v1/chat/completions"): Route("openai", openai_wire.chat, asks=True),
    ("POST", "/v1/files"): Route("openai", openai_files.upload),
    ("POST", "/v1/batches"): Route("openai", openai_batches.create),
    ("GET", "/v1/batches"): Route("openai", openai_batches.list_all),
    ("POST", "/v1/messages"): Route("anthropic", anthropic_wire.messages, asks=True),
    ("POST", "/v1/messages/count_tokens"): Route("anthropic", anthropic_wire.count_tokens),
    ("POST", "/v1/messages/batches"): Route("anthropic", anthropic_batches.create),
    ("GET", "/v1/messages/batches"): Route("anthropic", anthropic_batches.list_all),
}
_PATTERNS = (
    ("POST", gemini_wire.MODEL_PATH, Route("gemini", gemini_wire.generate, asks=True)),
    ("GET", re.compile(r"/v1/files/[^/]+"), Route("openai", openai_files.retrieve)),
    ("DELETE", re.compile(r"/v1/files/[^/]+"), Route("openai", openai_files.delete)),
    ("GET", re.compile(r"/v1/files/[^/]+/content"), Route("openai", openai_files.content)),
    ("GET", re.compile(r"/v1/batches/[^/]+"), Route("openai", openai_batches.retrieve)),
    ("POST", re.compile(r"/v1/batches/[^/]+/cancel"), Route("openai", openai_batches.cancel)),
    ("GET", re.compile(r"/v1/messages/batches/[^/]+"), Route("anthropic", anthropic_batches.retrieve)),
    ("DELETE", re.compile(r"/v1/messages/batches/[^/]+"), Route("anthropic", anthropic_batches.delete)),
    ("GET", re.compile(r"/v1/messages/batches/[^/]+/results"), Route("anthropic", anthropic_batches.results)),
    ("POST", re.compile(r"/v1/messages/batches/[^/]+/cancel"), Route("anthropic", anthropic_batches.cancel)),
)


def route_of(method: str, path: str) -> Route:
    """Return the route of a request; one that no provider knows is refused in the style of the nearest."""
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact
    known = (route for wanted, pattern, route in _PATTERNS if wanted == method and pattern.fullmatch(path))
    return next(known, None) or Route(_nearest(path), _refuse_path)


def refusal(provider: Provider, status: int, message: str) -> RefusedRequest:
    """Return a refusal in a provider's own shape."""
    return _REFUSALS[provider](status, message)


def refusal_body(provider: Provider, body: JsonObject, request_id: str) -> JsonObject:
    """Return the body of a refusal with the request's id, where the provider repeats it there."""
    return body | {"request_id": request_id} if provider == "anthropic" else body


def _nearest(path: str) -> Provider:
    if path.startswith("/v1/messages"):
        return "anthropic"
    return "gemini" if "/models/" in path and ":" in path else "openai"


def _refuse_path(request: Request, state: SimulatorState) -> Reply:
    raise refusal(_nearest(request.path), 404, f"Invalid URL ({request.method} {request.path})")
