"""Anthropic's messages: what it demands of a request, and how it answers."""

import orjson

from deployments.simulator.state import SimulatorState
from deployments.simulator.wire import (
    UNKNOWN_MODEL,
    Answered,
    JsonObject,
    RefusedRequest,
    Reply,
    Request,
    WireQuestion,
    as_json,
    first_fault,
    is_number,
    new_id,
    read_object,
    tokens_of,
)

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
}
_MEDIA_BLOCKS = frozenset({"image", "document"})
_OTHER_BLOCKS = frozenset({"thinking", "redacted_thinking", "tool_use", "tool_result", "search_result"})
# docs.claude.com, structured outputs: bounds a schema must not carry.
_REFUSED_BOUNDS = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength"),
    "array": ("maxItems", "uniqueItems"),
}
# docs.claude.com/en/api/errors, request size limits
_MOST_BYTES = 32_000_000
# docs.claude.com/en/api/messages
_ARGUMENTS = frozenset(
    "model messages max_tokens cache_control container context_management diagnostics fallbacks inference_geo "
    "mcp_servers metadata output_config service_tier speed stop_sequences stream system temperature thinking "
    "tool_choice tools top_k top_p user_profile_id".split()
)


def refuse(status: int, message: str) -> RefusedRequest:
    """Return a refusal in Anthropic's shape; the server adds the request's id."""
    kind = _KINDS.get(status, "api_error")
    return RefusedRequest(status, {"type": "error", "error": {"type": kind, "message": message}})


def check_headers(request: Request, state: SimulatorState) -> None:
    """Raise Anthropic's 401 for a missing or unknown key (either header), its 400 for a missing version."""
    bearer = request.headers.get("authorization", "")
    key = request.headers.get("x-api-key", "").strip() or bearer.partition(" ")[2].strip()
    if not key:
        raise refuse(401, "x-api-key header is required")
    if state.keys and key not in state.keys:
        raise refuse(401, "invalid x-api-key")
    if not request.headers.get("anthropic-version"):
        raise refuse(400, "anthropic-version: header is required")


def messages(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/messages`."""
    check_headers(request, state)
    if len(request.body) > _MOST_BYTES:
        raise refuse(413, "Request exceeds the maximum size")
    answered = create(read_object(request.body, lambda message: refuse(400, message)), state)
    return as_json(answered.body, model=answered.model, answered=answered)


def count_tokens(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/messages/count_tokens`: input tokens as `create` would count them."""
    check_headers(request, state)
    body = read_object(request.body, lambda message: refuse(400, message))
    question = _read(body | {"max_tokens": 1})
    parts = (question.instructions, question.text, question.schema)
    return as_json({"input_tokens": sum(tokens_of(part) for part in parts)}, model=question.model)


def create(body: JsonObject, state: SimulatorState) -> Answered:
    """Return the message for a request body; raises `Refused` as the real service would."""
    question = _read(body)
    text, cut, usage, tags = state.ask(question)
    spent = {
        "input_tokens": usage.input_tokens - usage.cached - usage.stored,
        "output_tokens": usage.output_tokens,
        "cache_creation_input_tokens": usage.stored,
        "cache_read_input_tokens": usage.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.stored, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }
    answer = {
        "id": new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "max_tokens" if cut else "end_turn",
        "stop_sequence": None,
        "usage": spent,
    }
    return Answered(body=answer, model=question.model, usage=usage, tags=tags)


def _read(body: JsonObject) -> WireQuestion:
    for name in body:
        if name not in _ARGUMENTS:
            raise refuse(400, f"{name}: Extra inputs are not permitted")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise refuse(400, "model: Field required")
    if model.startswith(UNKNOWN_MODEL):
        raise refuse(404, f"model: {model}")
    most_tokens = body.get("max_tokens")
    if most_tokens is None:
        raise refuse(400, "max_tokens: Field required")
    if not isinstance(most_tokens, int) or isinstance(most_tokens, bool) or most_tokens < 1:
        raise refuse(400, "max_tokens: Input should be greater than or equal to 1")
    temperature = body.get("temperature")
    if temperature is not None and not (is_number(temperature) and 0 <= temperature <= 1):
        raise refuse(400, "temperature: range: 0..1")
    if body.get("stream"):
        raise refuse(400, "stream: the simulator does not stream, send false")
    instructions, prefix = _read_system(body.get("system"))
    text, media, marked = _read_messages(body.get("messages"))
    if marked is not None or body.get("cache_control"):
        prefix = instructions + (marked if marked is not None else text)
    return WireQuestion(
        model=model,
        instructions=instructions,
        text=text,
        media=media,
        schema=_read_format(body.get("output_config")),
        most_tokens=most_tokens,
        prefix=prefix,
    )


def _read_system(system: object) -> tuple[str, str]:
    """Return the instructions, and their part up to the last `cache_control` mark (empty without one)."""
    if system is None or isinstance(system, str):
        return system or "", ""
    if not isinstance(system, list):
        raise refuse(400, "system: Input should be a valid list")
    texts: list[str] = []
    prefix = ""
    for at, block in enumerate(system):
        if not isinstance(block, dict) or block.get("type") != "text" or not isinstance(block.get("text"), str):
            raise refuse(400, f"system.{at}: Input should be a text block")
        texts.append(block["text"])
        if block.get("cache_control"):
            prefix = "\n".join(texts)
    return "\n".join(texts), prefix


def _read_messages(given: object) -> tuple[str, int, str | None]:
    """Return the user's text, the number of media blocks, and the text up to the last `cache_control` mark."""
    if given is None:
        raise refuse(400, "messages: Field required")
    if not isinstance(given, list) or not given:
        raise refuse(400, "messages: at least one message is required")
    texts: list[str] = []
    media, marked = 0, None
    for at, message in enumerate(given):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("user", "assistant"):
            raise refuse(400, f"messages.{at}.role: Input should be 'user' or 'assistant'")
        for block in _blocks(message.get("content"), at):
            media += block["type"] in _MEDIA_BLOCKS
            if role == "user" and block["type"] == "text":
                texts.append(block["text"])
            if block.get("cache_control"):
                marked = "\n".join(texts)
    if given[0]["role"] != "user":
        raise refuse(400, 'messages: first message must use the "user" role')
    return "\n".join(texts), media, marked


def _blocks(content: object, at: int) -> list[JsonObject]:
    """Return the content blocks of a message, each checked for what its type needs."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list) or not content:
        raise refuse(400, f"messages.{at}: all messages must have non-empty content")
    for n, block in enumerate(content):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "text" and not (isinstance(block.get("text"), str) and block["text"].strip()):
            raise refuse(400, f"messages.{at}.content.{n}: text content blocks must be non-empty")
        if kind in _MEDIA_BLOCKS and not isinstance(block.get("source"), dict):
            raise refuse(400, f"messages.{at}.content.{n}.{kind}.source: Field required")
        if kind != "text" and kind not in _MEDIA_BLOCKS and kind not in _OTHER_BLOCKS:
            raise refuse(400, f"messages.{at}.content.{n}: Input tag '{kind}' does not match any of the expected tags")
    return content


def _read_format(config: object) -> bytes:
    """Return the answer's schema as JSON, empty where prose is wanted."""
    wanted = config.get("format") if isinstance(config, dict) else None
    if config is not None and not isinstance(config, dict):
        raise refuse(400, "output_config: Input should be an object")
    if wanted is None:
        return b""
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        raise refuse(400, "output_config.format.type: Input should be 'json_schema'")
    if not isinstance(wanted.get("schema"), dict):
        raise refuse(400, "output_config.format.schema: Field required")
    schema = orjson.dumps(wanted["schema"])
    fault = first_fault(schema, _fault)
    if fault:
        raise refuse(400, f"output_config.format.schema: {fault}")
    return schema


def _fault(schema: JsonObject, spot: str) -> str | None:
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind == "object" and schema.get("additionalProperties") is not False:
            return f"For 'object' type, 'additionalProperties' must be explicitly set to false (at {spot})"
        refused = [bound for bound in _REFUSED_BOUNDS.get(str(kind), ()) if bound in schema]
        if refused:
            return f"For '{kind}' type, properties {', '.join(refused)} are not supported (at {spot})"
    if schema.get("minItems") not in (None, 0, 1):
        return f"For 'array' type, 'minItems' values other than 0 or 1 are not supported (at {spot})"
    return None
