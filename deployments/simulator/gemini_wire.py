"""Gemini's generateContent, in both dialects: numbers for enums (google-generativeai) and names (google-genai)."""

import re
from urllib.parse import parse_qs

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

MODEL_PATH = re.compile(r"/(v1|v1beta|v1alpha)/models/([^/:]+):generateContent")
_STATUS = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND"}
_STOP, _MAX_TOKENS = (1, "STOP"), (2, "MAX_TOKENS")
# ai.google.dev/gemini-api/docs/files: larger input goes through files, which the simulator does not keep.
_MOST_BYTES = 20_971_520
_MEDIA_PARTS = ("inlineData", "inline_data", "fileData", "file_data")
_TYPES = frozenset({"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"})
# ai.google.dev/api/generate-content and ai.google.dev/api/caching#Schema; protocol buffers accept both spellings.
_ARGUMENTS = frozenset(
    "model contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent labels "
    "serviceTier store".split()
)
_SCHEMA_WORDS = frozenset(
    "type format title description nullable enum maxItems minItems properties required minProperties maxProperties "
    "minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum "
    "additionalProperties".split()
)


def refuse(status: int, message: str, reason: str = "") -> RefusedRequest:
    """Return a refusal in Google's shape."""
    error: JsonObject = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}
    if reason:
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": {}}]
    return RefusedRequest(status, {"error": error})


def check_key(request: Request, state: SimulatorState) -> None:
    """Raise Google's 403 for a missing key and its 400 for one that is not accepted."""
    key = request.headers.get("x-goog-api-key", "").strip() or parse_qs(request.query).get("key", [""])[0].strip()
    if not key:
        message = "Method doesn't allow unregistered callers (callers without established identity)."
        raise refuse(403, message + " Please use API Key or other form of API consumer identity to call this API.")
    if state.keys and key not in state.keys:
        raise refuse(400, "API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID")


def generate(request: Request, state: SimulatorState) -> Reply:
    """Answer `POST /{version}/models/{name}:generateContent`."""
    check_key(request, state)
    path = MODEL_PATH.fullmatch(request.path)
    if path is None:
        raise refuse(404, f"Requested entity was not found: {request.path}")
    version, model = path[1], path[2]
    if model.startswith(UNKNOWN_MODEL):
        message = f"models/{model} is not found for API version {version}, or is not supported for generateContent."
        raise refuse(404, message)
    if len(request.body) > _MOST_BYTES:
        raise refuse(400, f"Request payload size exceeds the limit: {_MOST_BYTES} bytes.")
    body = read_object(request.body, lambda message: refuse(400, message))
    answered = _answer(_read(body, model), state, numbered="enum-encoding" in request.query)
    return as_json(answered.body, model=model, answered=answered)


def _answer(question: WireQuestion, state: SimulatorState, *, numbered: bool) -> Answered:
    text, cut, usage, tags = state.ask(question)
    content = {"parts": [{"text": text}], "role": "model"}
    finish = (_MAX_TOKENS if cut else _STOP)[0 if numbered else 1]
    spent: JsonObject = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
    }
    if usage.cached:
        spent["cachedContentTokenCount"] = usage.cached
    answer = {
        "candidates": [{"content": content, "finishReason": finish, "index": 0}],
        "usageMetadata": spent,
        "modelVersion": question.model,
        "responseId": new_id(""),
    }
    return Answered(body=answer, model=question.model, usage=usage, tags=tags)


def _read(body: JsonObject, model: str) -> WireQuestion:
    body = {_camel(name): value for name, value in body.items()}
    _known(body, _ARGUMENTS, "")
    config = body.get("generationConfig") or {}
    if not isinstance(config, dict):
        raise refuse(400, "Invalid value at 'generation_config': expected an object.")
    config = {_camel(name): value for name, value in config.items()}
    system = body.get("systemInstruction")
    instructions = _read_parts(system, "system_instruction")[0] if system else ""
    text, media = _read_contents(body.get("contents"))
    return WireQuestion(
        model=model,
        instructions=instructions,
        text=text,
        media=media,
        schema=_read_format(config),
        most_tokens=_read_limits(config),
        prefix=instructions,
        own_caching=True,
    )


def _read_contents(contents: object) -> tuple[str, int]:
    """Return the user's text and the number of media parts."""
    if not isinstance(contents, list) or not contents:
        raise refuse(400, "* GenerateContentRequest.contents: contents is not specified\n")
    texts: list[str] = []
    media = 0
    for at, content in enumerate(contents):
        text, count = _read_parts(content, f"contents[{at}]")
        role = content.get("role", "user")
        if role not in ("user", "model", "function", ""):
            raise refuse(400, "Please use a valid role: user, model.")
        media += count
        if role != "model":
            texts.append(text)
    return "\n".join(texts), media


def _read_parts(content: object, spot: str) -> tuple[str, int]:
    parts = content.get("parts") if isinstance(content, dict) else None
    if not isinstance(parts, list) or not parts:
        raise refuse(400, f"* GenerateContentRequest.{spot}.parts: contents.parts must not be empty.\n")
    texts: list[str] = []
    media = 0
    for part in parts:
        if not isinstance(part, dict) or not part:
            raise refuse(
                400, f"* GenerateContentRequest.{spot}.parts: required oneof field 'data' must be initialized\n"
            )
        if isinstance(part.get("text"), str):
            texts.append(part["text"])
        media += any(name in part for name in _MEDIA_PARTS)
    return "\n".join(texts), media


def _read_limits(config: JsonObject) -> int | None:
    temperature, most = config.get("temperature"), config.get("maxOutputTokens")
    if temperature is not None and not (is_number(temperature) and 0 <= temperature <= 2):
        raise refuse(400, "* GenerateContentRequest.generation_config.temperature: must be in the range [0.0, 2.0].\n")
    if most is not None and (not isinstance(most, int) or most < 1):
        raise refuse(400, "max_output_tokens must be positive.")
    return most


def _read_format(config: JsonObject) -> bytes:
    """Return the answer's schema as JSON, `{"type":"object"}` for JSON without one, empty where prose is wanted."""
    own, plain = config.get("responseSchema"), config.get("responseJsonSchema")
    if own is not None and plain is not None:
        raise refuse(400, "Only one of response_schema and response_json_schema may be set.")
    schema = own if own is not None else plain
    as_json_text = config.get("responseMimeType") == "application/json"
    if schema is None:
        return b'{"type":"object"}' if as_json_text else b""
    if not as_json_text:
        raise refuse(
            400, "Function calling with a response mime type: 'text/plain' is unsupported with a response schema"
        )
    if not isinstance(schema, dict):
        raise refuse(400, "Invalid value at 'generation_config.response_schema': expected an object.")
    written = orjson.dumps(schema)
    fault = first_fault(written, _fault) if own is not None else None
    if fault:
        raise refuse(400, fault)
    return written


def _fault(schema: JsonObject, spot: str) -> str | None:
    """Return why Google refuses one node of a `response_schema`."""
    for name in schema:
        if _camel(name) not in _SCHEMA_WORDS:
            return (
                f"Invalid JSON payload received. Unknown name \"{name}\" at 'generation_config.response_schema' {spot}"
            )
    kind = schema.get("type")
    known = 1 <= kind <= 7 if isinstance(kind, int) else str(kind).upper() in _TYPES
    if not known and not (schema.get("anyOf") or schema.get("any_of")):
        return f"Invalid value at 'generation_config.response_schema' {spot} (type.googleapis.com/Type), \"{kind}\""
    properties = schema.get("properties") or {}
    if (kind == 6 or str(kind).upper() == "OBJECT") and not properties:
        return f"* GenerateContentRequest.generation_config.response_schema{spot}.properties: should be non-empty\n"
    unknown = [name for name in schema.get("required") or [] if name not in properties]
    return f"* GenerateContentRequest{spot}.required: property is not defined: {unknown[0]}\n" if unknown else None


def _known(given: JsonObject, names: frozenset[str], spot: str) -> None:
    for name in given:
        if name not in names:
            raise refuse(400, f'Invalid JSON payload received. Unknown name "{name}"{spot}: Cannot find field.')


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
