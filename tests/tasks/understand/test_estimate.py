"""Estimates: lengths times past usage, honest about what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tasks.ledger.past_usage import PastUsage
from tasks.understand.estimate import Terms, estimate
from tasks.understand.models_by_price import ModelsByPrice

MODELS = ModelsByPrice(providers=("openai",))
TERMS = Terms(max_tokens={"openai": 1_000, "local": 1_000})


def mail(**columns: Any) -> Mapping[str, Any]:
    blank = {"message_key": "k" * 64, "sender": "a@b.example", "sender_name": "A", "subject": "s", "date": ""}
    return {
        **blank,
        "attachments": [],
        "media": [],
        "text": "word " * 40,
        "tokens": 60,
        "language": "en",
        "unreadable": "",
        **columns,
    }


def usage(**figures: Any) -> PastUsage:
    return PastUsage(
        **{"calls": 100, "mails": 100, "output_tokens": 50, "calls_a_mail": 1, "cached_share": 0, **figures}
    )


def test_expected_lies_below_worst_and_no_mail_costs_nothing():
    whole = estimate([mail()], MODELS, TERMS, {}).whole
    assert 0 < whole.expected_usd < whole.worst_usd
    assert estimate([], MODELS, TERMS, {}).whole.worst_usd == 0


def test_an_unreadable_mail_costs_nothing_and_is_counted():
    found = estimate([mail(unreadable="broken")], MODELS, TERMS, {})
    assert (found.mails, found.unread, found.whole.worst_usd) == (1, 1, 0)


def test_history_stands_in_for_general_experience():
    past = {"triage": usage(output_tokens=70, calls_a_mail=1.1), "analysis": usage(mails=40, output_tokens=500)}
    found = estimate([mail()] * 10, MODELS, TERMS, past)
    assert found.stages["triage"].calls == pytest.approx(11)
    assert found.stages["triage"].output_tokens == pytest.approx(770)
    assert found.stages["analysis"].calls == pytest.approx(4)
    assert "200 calls" in found.basis


def test_mails_asked_about_together_share_the_instructions():
    alone = estimate([mail()] * 10, MODELS, TERMS, {}).stages["triage"]
    together = estimate([mail()] * 10, MODELS, Terms(max_tokens={"openai": 1_000}, mails_per_call=10), {}).stages[
        "triage"
    ]
    assert together.calls == pytest.approx(1)
    assert together.input_tokens < alone.input_tokens / 3
    assert together.output_tokens == pytest.approx(alone.output_tokens)


def test_half_the_price_is_half_of_everything():
    half = Terms(max_tokens={"openai": 1_000}, price_factor=Decimal("0.5"))
    full, less = estimate([mail()], MODELS, TERMS, {}).whole, estimate([mail()], MODELS, half, {}).whole
    assert (less.expected_usd * 2, less.worst_usd * 2) == (full.expected_usd, full.worst_usd)


def test_an_unknown_price_is_said():
    unknown = ModelsByPrice(providers=("openai",), triage_model="house-model")
    found = estimate([mail()], unknown, TERMS, {})
    assert found.stages["triage"].expected_usd is None
    assert found.whole.worst_usd is None
    assert "unknown" in found.sentence()


def test_a_first_window_stands_for_the_rest():
    one = estimate([mail()], MODELS, TERMS, {})
    assert one.for_mails(1_000).whole.expected_usd == one.whole.expected_usd * 1_000
    assert one.for_mails(1_000).mails == 1_000
