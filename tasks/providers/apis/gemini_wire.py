"""What both of Google's SDKs share: building a Gemini request from plain values, and reading a reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasks.providers.apis.call_target import CallTarget
from tasks.providers.apis.error_bodies import request_id_in
from tasks.providers.apis.media import gemini_part, sendable
from tasks.providers.apis.replies import ReplyInfo, count, few, of_any_shape, usage_of
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.tokens import answer_tokens
from tasks.questions import Question, RawAnswer, Usage


def gemini_turns(question: Question[Any], provider: str, model: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The turns as roles with parts, and the names of the media parts that `model` does not accept."""
    media, unsent = sendable(question.media, provider, model)
    turns = [{"role": "user", "parts": [*map(gemini_part, media), {"text": question.text}]}]
    if question.repair:
        turns.append({"role": "model", "parts": [{"text": question.repair.answer}]})
        turns.append({"role": "user", "parts": [{"text": question.repair.said}]})
    return turns, unsent


def generation_limits(question: Question[Any], provider: str, model: str, account: ProviderAccount) -> dict[str, Any]:
    """The generation parameters without the schema, whose dialect depends on the SDK."""
    takes = traits(provider, model)
    limits: dict[str, Any] = {
        "max_output_tokens": answer_tokens(question, account, takes),
        "response_mime_type": "application/json",
    }
    if takes.effort:
        limits["thinking_config"] = {"thinking_level": takes.effort.upper()}
    if takes.temperature and account.temperature is not None:
        limits["temperature"] = account.temperature
    return limits


def _usage_in(body: dict[str, Any]) -> Usage | None:
    """The usage in a reply; null where there is none that can be read.

    Thinking tokens are counted apart from the candidates and billed as output. A blocked prompt has no candidates.
    """
    given = body.get("usageMetadata")
    if not isinstance(given, dict):
        return None
    thoughts = few(given.get("thoughtsTokenCount"))
    answered = count(given.get("candidatesTokenCount", None if body.get("candidates") and not thoughts else 0))
    return usage_of(
        count(given.get("promptTokenCount")),
        None if answered is None else answered + thoughts,
        cache_read_tokens=few(given.get("cachedContentTokenCount")),
        reasoning_tokens=thoughts,
    )


@of_any_shape(_usage_in)
def read_candidates(asked: CallTarget, body: dict[str, Any], told: ReplyInfo) -> RawAnswer:
    """The answer in a `GenerateContentResponse`, its enums as numbers or as names.

    Raises:
        CallError: It has no usable answer. The error has the usage, because the call was billed.
    """
    usage = _usage_in(body)
    told = replace(told, request_id=told.request_id or request_id_in(body.get("responseId")))
    if (body.get("promptFeedback") or {}).get("blockReason"):
        raise asked.billed("refusal", usage, None, told.request_id)
    candidate = body["candidates"][0]
    parts = (candidate.get("content") or {}).get("parts") or []
    text = "".join(part.get("text") or "" for part in parts if not part.get("thought"))
    return told.answer(asked, text, usage, body.get("modelVersion"), candidate.get("finishReason"))
