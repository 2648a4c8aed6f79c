"""What both of Google's SDKs share: a Gemini request in plain values, and how a reply is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasks.providers.apis.error_bodies import request_id_in
from tasks.providers.apis.error_mapping import CallTarget
from tasks.providers.apis.media import gemini_part, sendable
from tasks.providers.apis.replies import ReplyInfo, count, of_any_shape
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.tokens import answer_tokens
from tasks.questions import Question, RawAnswer, Usage

# Names and numbers of google.ai.generativelanguage.v1beta.Candidate.FinishReason: google-generativeai asks for numbers,
# google-genai for names.
_STOP = frozenset({1, "STOP"})
_CUT = frozenset({2, "MAX_TOKENS"})
_REFUSALS = frozenset(
    {3, "SAFETY", 4, "RECITATION", 7, "BLOCKLIST", 8, "PROHIBITED_CONTENT", 9, "SPII", 11, "IMAGE_SAFETY"}
)


def gemini_parts(question: Question[Any], provider: str, model: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The parts of the user's turn, and the names of the media parts that `model` does not take."""
    media, unsent = sendable(question.media, provider, model)
    return [*map(gemini_part, media), {"text": question.text}], unsent


def generation_limits(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
    """The generation parameters but for the schema, which each SDK takes in its own dialect."""
    takes = traits(provider, model)
    limits: dict[str, Any] = {
        "max_output_tokens": answer_tokens(question, account, takes),
        "response_mime_type": "application/json",
    }
    if takes.temperature and account.temperature is not None:
        limits["temperature"] = account.temperature
    return limits


@of_any_shape
def read_candidates(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
    """The answer in a `GenerateContentResponse`, its enums as numbers or as names.

    Raises:
        CallError: It holds no answer that could be used; with the usage, since it was billed.
    """
    usage = _usage(body.get("usageMetadata") or {})
    told = replace(told, request_id=told.request_id or request_id_in(body.get("responseId")))
    if (body.get("promptFeedback") or {}).get("blockReason"):
        raise asked.billed("refusal", usage, None, told.request_id)
    candidate = body["candidates"][0]
    parts = (candidate.get("content") or {}).get("parts") or []
    text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
    fault = _fault(candidate.get("finishReason"), text)
    if fault:
        raise asked.billed(fault, usage, text, told.request_id)
    return told.answer(asked, text, usage, body.get("modelVersion"))


def _fault(ending: object, text: str) -> str | None:
    if ending not in _STOP:
        return "refusal" if ending in _REFUSALS else "cut" if ending in _CUT else "odd_ending"
    return None if text.strip() else "empty"


def _usage(given: dict[str, Any]) -> Usage:
    """Thoughts are counted beside the candidates, and billed as output."""
    thoughts = count(given.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=count(given.get("promptTokenCount")),
        output_tokens=count(given.get("candidatesTokenCount")) + thoughts,
        cache_read_tokens=count(given.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
    )
