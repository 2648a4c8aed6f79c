"""The finish reasons of all providers and of servers that resemble them."""

from __future__ import annotations

_WHOLE = frozenset({"stop", "end_turn", "stop_sequence"})
_CUT = frozenset(
    "length max_tokens max_output_tokens max_new_tokens max_completion_tokens model_length token_limit".split()
)
_REFUSED = frozenset(
    "refusal content_filter content_filtered safety blocklist prohibited_content spii image_safety "
    "guardrail_intervened".split()
)
_FAULTS = {
    **dict.fromkeys(_CUT, "cut"),
    **dict.fromkeys(_REFUSED, "refusal"),
    "model_context_window_exceeded": "window_full",
    "recitation": "recitation",
}
# google.ai.generativelanguage.v1beta.Candidate.FinishReason: google-generativeai requests enums as numbers.
_NUMBERED = {
    1: "stop", 2: "max_tokens", 3: "safety", 4: "recitation", 7: "blocklist", 8: "prohibited_content", 9: "spii",
    11: "image_safety",
}  # fmt: skip


def ending_fault(ending: object) -> str | None:
    """The row of the error table for a finish reason that means cut or filtered; null for all others."""
    return _FAULTS.get(_word(ending))


def is_odd(ending: object) -> bool:
    """Whether the finish reason is neither that of a complete answer nor one that `ending_fault` knows."""
    word = _word(ending)
    return word not in _WHOLE and word not in _FAULTS


def _word(ending: object) -> str:
    return str(_NUMBERED.get(ending, ending) if isinstance(ending, int) else ending).lower()
