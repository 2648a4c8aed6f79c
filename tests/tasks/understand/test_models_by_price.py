"""The cheapest model that is strong enough."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.providers.catalogue.models import default_model
from tasks.understand.answers import Triage
from tasks.understand.models_by_price import ModelsByPrice, complexity_of


def triage(complexity: str = "simple", confidence: float = 0.9) -> Triage:
    return Triage.model_validate(
        {
            "category": "OTHER",
            "language": "en",
            "needs_reply": False,
            "complexity": complexity,
            "confidence": confidence,
            "reason": "r",
        }
    )


def analysed_by(models: ModelsByPrice, tokens: int, word: str) -> Any:
    chain, _reason = models.for_analysis({"tokens": tokens}, triage(word))
    return chain[0].model


@pytest.mark.parametrize(
    ("tokens", "word", "expected"),
    [
        (99, "simple", "simple"),
        (100, "simple", "simple"),
        (100, "medium", "medium"),
        (499, "complex", "medium"),
        (500, "simple", "medium"),
        (500, "complex", "complex"),
        (0, "complex", "medium"),
    ],
)
def test_class_is_the_mean_of_length_and_triage_the_cheaper_one_between(tokens, word, expected):
    assert complexity_of(tokens, word) == expected


def test_reason_says_tokens_and_triages_word():
    _chain, reason = ModelsByPrice(providers=("openai",)).for_analysis({"tokens": 700}, triage("complex"))
    assert reason == "complex: 700 tokens, triage says complex"


def test_chain_asks_each_provider_for_its_own_model_of_the_class():
    models = ModelsByPrice(providers=("anthropic", "openai"))
    chain, _reason = models.for_analysis({"tokens": 700}, triage("complex"))
    assert [(link.provider, link.model) for link in chain] == [
        ("anthropic", default_model("anthropic", "complex")),
        ("openai", default_model("openai", "complex")),
    ]


def test_a_cheaper_model_of_a_higher_class_is_taken():
    table = {"openai": {"complex": "gpt-6-luna"}}
    assert analysed_by(ModelsByPrice(providers=("openai",), table=table), 300, "medium") == "gpt-6-luna"


def test_a_model_whose_price_is_unknown_is_taken_for_its_own_class_and_no_other():
    models = ModelsByPrice(providers=("openai",), table={"openai": {"medium": "house-model"}})
    assert analysed_by(models, 300, "medium") == "house-model"
    assert analysed_by(models, 10, "simple") == default_model("openai", "simple")


def test_a_model_named_by_the_operator_is_the_first_providers_alone():
    models = ModelsByPrice(providers=("openai", "gemini"), analysis_model="gpt-6.1-sol", triage_model="gpt-6.1-terra")
    chain, _reason = models.for_analysis({"tokens": 1}, triage())
    assert [link.model for link in chain] == ["gpt-6.1-sol", default_model("gemini", "simple")]
    chain, _reason = models.for_triage({})
    assert [link.model for link in chain] == ["gpt-6.1-terra", default_model("gemini", "triage")]


def test_an_accounts_model_stands_in_for_the_table():
    models = ModelsByPrice(providers=("local",), account_models={"local": "llama3.2"})
    assert models.for_triage({})[0][0].model == "llama3.2"
    assert analysed_by(models, 900, "complex") == "llama3.2"


def test_a_doubtful_triage_goes_up_one_class():
    models = ModelsByPrice(providers=("openai",))
    chain, reason = models.for_second_triage(triage(confidence=0.3))
    assert chain[0].model == default_model("openai", "medium")
    assert "0.30" in reason


def test_a_sure_triage_and_one_that_knows_no_stronger_model_are_not_asked_again():
    assert ModelsByPrice(providers=("openai",)).for_second_triage(triage(confidence=0.5)) is None
    one = ModelsByPrice(providers=("local",), account_models={"local": "llama3.2"})
    assert one.for_second_triage(triage(confidence=0.1)) is None
