"""What both of Google's SDKs share: a Gemini request in plain values, and how a reply is read."""

from __future__ import annotations

from typing import Any

from tasks.providers.accounts import ProviderAccount
from tasks.providers.faults import Asked
from tasks.providers.limits import answer_tokens
from tasks.providers.media import gemini_part, sendable
from tasks.providers.models import traits
from tasks.questions import Question, RawAnswer, Usage

ADDRESS = "https://generativelanguage.googleapis.com"

# google.ai.generativelanguage.v1beta.Candidate.FinishReason: one SDK gets numbers, the other names.
_ENDINGS = {
    1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER", 6: "LANGUAGE", 7: "BLOCKLIST",
    8: "PROHIBITED_CONTENT", 9: "SPII", 10: "MALFORMED_FUNCTION_CALL", 11: "IMAGE_SAFETY",
}  # fmt: skip
_BLOCKS = {0: "unspecified", 1: "SAFETY", 2: "OTHER", 3: "BLOCKLIST", 4: "PROHIBITED_CONTENT", 5: "IMAGE_SAFETY"}
_REFUSALS = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}


def gemini_parts(question: Question[Any], model: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The parts of the user's turn, and the names of the media parts that `model` does not take."""
    media, unsent = sendable(question.media, "gemini", model)
    return [*map(gemini_part, media), {"text": question.text}], unsent


def generation_limits(question: Question[Any], model: str, account: ProviderAccount) -> dict[str, Any]:
    """The generation parameters but for the schema, which each SDK takes in its own dialect."""
    takes = traits("gemini", model)
    limits: dict[str, Any] = {
        "max_output_tokens": answer_tokens(question, account, takes),
        "response_mime_type": "application/json",
    }
    if takes.temperature and account.temperature is not None:
        limits["temperature"] = account.temperature
    return limits


def read_candidates(
    asked: Asked, body: dict[str, Any], *, request_id: str | None, simulated: bool = False, unsent: tuple[str, ...] = ()
) -> RawAnswer:
    """The answer in a `GenerateContentResponse`, its enums as numbers or as names.

    Raises:
        CallError: It holds no answer that could be used; with the usage, since it was billed.
    """
    usage = _usage(body.get("usageMetadata") or {})
    request_id = request_id or body.get("responseId")
    blocked = (body.get("promptFeedback") or {}).get("blockReason")
    if blocked:
        raise asked.unusable("refusal", f"the prompt, {_BLOCKS.get(blocked, blocked)}", usage, None, request_id)
    candidates = body.get("candidates")
    if not isinstance(candidates, list) or not candidates:
        raise asked.error("no_choice", request_id=request_id)
    parts = (candidates[0].get("content") or {}).get("parts") or []
    text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
    fault = _fault(candidates[0].get("finishReason"), text)
    if fault:
        raise asked.unusable(*fault, usage, text or None, request_id)
    return RawAnswer(
        text=text,
        usage=usage,
        model=body.get("modelVersion") or asked.model,
        request_id=request_id,
        simulated=simulated,
        unsent=unsent,
    )


def _fault(ending: Any, text: str) -> tuple[str, str] | None:
    name = _ENDINGS.get(ending, str(ending)) if ending else "STOP"
    if name in _REFUSALS:
        return "refusal", name
    if name == "MAX_TOKENS":
        return "cut", ""
    if name != "STOP":
        return "odd_ending", name[:40]
    return None if text.strip() else ("empty", "")


def _usage(given: dict[str, Any]) -> Usage:
    """Thoughts are counted beside the candidates, and billed as output."""
    thoughts = given.get("thoughtsTokenCount") or 0
    return Usage(
        input_tokens=(given.get("promptTokenCount") or 0) + (given.get("toolUsePromptTokenCount") or 0),
        output_tokens=(given.get("candidatesTokenCount") or 0) + thoughts,
        cache_read_tokens=given.get("cachedContentTokenCount") or 0,
        reasoning_tokens=thoughts,
    )
