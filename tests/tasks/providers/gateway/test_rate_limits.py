"""Which limit counts: the operator's for a model, for its provider, the variable's, or the usual one."""

from __future__ import annotations

import pytest

from tasks.errors import Misconfigured
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.gateway.rate_limits import read_overrides, set_limits, usual_limits
from tasks.questions import Link, RateLimits

LUNA = Link(provider="openai", model="gpt-6-luna")
SOL = Link(provider="openai", model="gpt-6.1-sol")


def test_without_a_word_of_the_operator_the_usual_limits_hold():
    accounts = Accounts()
    assert set_limits(accounts, {})(LUNA) == RateLimits()
    assert usual_limits(accounts)(LUNA) == RateLimits(rpm=10_000, tpm=300_000)


def test_a_models_limit_goes_before_its_providers_and_that_before_the_variable(monkeypatch):
    monkeypatch.setenv("OPENAI_RPM", "100")
    monkeypatch.setenv("OPENAI_TPM", "9000")
    limits = set_limits(Accounts(), read_overrides({"openai": {"rpm": 200}, "openai:gpt-6-luna": {"rpm": 300}}))
    assert limits(LUNA) == RateLimits(rpm=300, tpm=9_000)
    assert limits(SOL) == RateLimits(rpm=200, tpm=9_000)
    assert limits(Link(provider="anthropic", model="m")) == RateLimits()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], "not a JSON object"),
        ({"opanai": {"rpm": 1}}, "`opanai` names no provider"),
        ({"openai": {"rpms": 1}}, "`openai` must hold `rpm`, `tpm` or both"),
        ({"openai": 5}, "`openai` must hold"),
        ({"openai:m": {"tpm": 0}}, "`tpm` of `openai:m` must be a whole number of at least 1"),
        ({"openai": {"rpm": True}}, "`rpm` of `openai`"),
    ],
)
def test_a_limit_that_cannot_be_used_is_named(value, said):
    with pytest.raises(Misconfigured, match=said):
        read_overrides(value)


def test_no_variable_is_no_override():
    assert read_overrides(None) == {}
