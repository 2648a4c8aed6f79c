"""OpenAI's chat completions: what it demands of a request, and how it answers."""

import re
import time

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
)

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_MEDIA_PARTS = {"image_url": "image_url", "input_audio": "input_audio", "file": "file"}
_SCHEMA_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
# platform.openai.com/docs/guides/structured-outputs: keywords that strict mode refuses.
_REFUSED_KEYWORDS = ("allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas")
# platform.openai.com/docs/api-reference/chat/create
_ARGUMENTS = frozenset(
    "messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key "
    "prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier "
    "stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options".split()
)


def refuse(status: int, message: str, *, code: str | None = None, param: str | None = None) -> RefusedRequest:
    """Return a refusal in OpenAI's shape."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return RefusedRequest(status, {"error": {"message": message, "type": kind, "param": param, "code": code}})


def check_key(request: Request, state: SimulatorState) -> None:
    """Raise OpenAI's 401 where the bearer token is missing, blank or not accepted."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise refuse(401, "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.")
    if state.keys and key.strip() not in state.keys:
        raise refuse(401, "Incorrect API key provided.", code="invalid_api_key")


def chat(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /v1/chat/completions`."""
    check_key(request, state)
    answered = complete(read_object(request.body, lambda message: refuse(400, message)), state)
    return as_json(answered.body, model=answered.model, answered=answered)


def complete(body: JsonObject, state: SimulatorState) -> Answered:
    """Return the chat completion for a request body; raises `Refused` as the real service would."""
    question = _read(body)
    text, cut, usage, tags = state.ask(question)
    message: JsonObject = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "length" if cut else "stop"}
    spent = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    answer = {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": question.model,
        "choices": [choice],
        "usage": spent,
        "service_tier": "default",
        "system_fingerprint": "fp_simulated",
    }
    return Answered(body=answer, model=question.model, usage=usage, tags=tags)


def _read(body: JsonObject) -> WireQuestion:
    for name in body:
        if name not in _ARGUMENTS:
            raise refuse(400, f"Unrecognized request argument supplied: {name}")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise refuse(400, "you must provide a model parameter")
    if model.startswith(UNKNOWN_MODEL):
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise refuse(404, message, code="model_not_found")
    if body.get("stream"):
        raise refuse(400, "The simulator does not stream: send stream=false.", param="stream")
    instructions, text, media = _read_messages(body.get("messages"))
    return WireQuestion(
        model=model,
        instructions=instructions,
        text=text,
        media=media,
        schema=_read_format(body.get("response_format")),
        most_tokens=_read_limits(body),
        prefix=instructions,
        own_caching=True,
    )


def _read_messages(messages: object) -> tuple[str, str, int]:
    """Return the instructions, the user's text and the number of media parts."""
    if messages is None:
        raise refuse(
            400, "Missing required parameter: 'messages'.", code="missing_required_parameter", param="messages"
        )
    if not isinstance(messages, list) or not messages:
        raise _bad("messages", "Expected an array with at least one message.")
    instructions: list[str] = []
    asked: list[str] = []
    media = 0
    for at, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in _ROLES:
            raise _bad(f"messages[{at}].role", "Supported values are: 'system', 'developer', 'user', 'assistant'.")
        text, count = _read_content(message.get("content"), f"messages[{at}].content", role)
        media += count
        if role in ("system", "developer"):
            instructions.append(text)
        elif role == "user":
            asked.append(text)
    return "\n".join(instructions), "\n".join(asked), media


def _read_content(content: object, spot: str, role: str) -> tuple[str, int]:
    if isinstance(content, str):
        return content, 0
    if content is None and role == "assistant":
        return "", 0
    if not isinstance(content, list):
        raise _bad(spot, "Expected a string or an array of content parts.")
    texts: list[str] = []
    for at, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind in ("text", "refusal") and isinstance(part.get(kind), str):
            texts.append(part[kind])
        elif kind not in _MEDIA_PARTS or not isinstance(part.get(_MEDIA_PARTS[kind]), dict):
            raise _bad(f"{spot}[{at}]", "Supported types are: 'text', 'image_url', 'input_audio', 'refusal', 'file'.")
    return "\n".join(texts), len(content) - len(texts)


def _read_limits(body: JsonObject) -> int | None:
    """Return the most output tokens, and raise for limits and temperatures out of bounds."""
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = body.get(name)
        if value is not None and not (is_number(value) and 0 <= value <= most):
            raise _bad(name, f"Expected a number between 0 and {most}.", code="decimal_out_of_range")
    given = [body[name] for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None]
    if len(given) == 2:
        raise refuse(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    if given and (not isinstance(given[0], int) or isinstance(given[0], bool) or given[0] < 1):
        raise _bad("max_completion_tokens", "Expected an integer of at least 1.", code="integer_below_min_value")
    return given[0] if given else None


def _read_format(wanted: object) -> bytes:
    """Return the answer's schema as JSON, empty where prose is wanted."""
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if wanted is None or kind == "text":
        return b""
    if kind == "json_object":
        return b'{"type":"object"}'
    if kind != "json_schema" or not isinstance(wanted, dict):
        raise _bad("response_format.type", "Supported values are: 'json_object', 'json_schema', and 'text'.")
    named = wanted.get("json_schema")
    if not isinstance(named, dict) or not _SCHEMA_NAME.fullmatch(str(named.get("name") or "")):
        raise _bad("response_format.json_schema.name", "Expected 1 to 64 letters, digits, underscores and dashes.")
    if not isinstance(named.get("schema"), dict):
        raise _bad("response_format.json_schema.schema", "Expected an object.")
    schema = orjson.dumps(named["schema"])
    fault = first_fault(schema, _strict_fault) if named.get("strict") else None
    if fault:
        message = f"Invalid schema for response_format '{named['name']}': {fault}"
        raise refuse(400, message, code="invalid_json_schema", param="response_format")
    return schema


def _strict_fault(schema: JsonObject, spot: str) -> str | None:
    """Return why strict mode refuses one schema node: platform.openai.com/docs/guides/structured-outputs."""
    if spot == "()" and schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"'."
    for keyword in _REFUSED_KEYWORDS:
        if keyword in schema:
            return f"In context={spot}, '{keyword}' is not permitted."
    if schema.get("type") != "object" and "properties" not in schema:
        return None
    if schema.get("additionalProperties") is not False:
        return f"In context={spot}, 'additionalProperties' is required to be supplied and to be false."
    properties, required = schema.get("properties") or {}, schema.get("required") or []
    missing = [name for name in properties if name not in required]
    extra = [name for name in required if name not in properties]
    if missing or extra:
        lack = f"Missing '{missing[0]}'." if missing else f"Extra required key '{extra[0]}' supplied."
        return (
            f"In context={spot}, 'required' is required to be supplied and to be an array including every key in "
            f"properties. {lack}"
        )
    return None


def _bad(param: str, expected: str, code: str = "invalid_value") -> RefusedRequest:
    return refuse(400, f"Invalid value for '{param}'. {expected}", code=code, param=param)
