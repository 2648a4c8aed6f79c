"""The default models, the media they accept, and the prices of calls."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
from genai_prices import Usage as ListedUsage
from genai_prices import calc_price
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import Misconfigured
from tasks.frames import COMPLEXITIES
from tasks.providers.catalogue import prices
from tasks.providers.catalogue.models import default_model, traits
from tasks.providers.catalogue.prices import price, worst_price
from tasks.providers.catalogue.sheets import SHEETS
from tasks.questions import Usage

DEFAULTS = {(sheet.name, model) for sheet in SHEETS.values() for model in sheet.models.values()}
A_MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


@pytest.mark.parametrize(("provider", "model"), sorted(DEFAULTS))
def test_every_default_model_has_a_price_without_asking_the_network(provider: str, model: str) -> None:
    cost = price(provider, model, A_MILLION)
    assert cost is not None
    assert cost > 0


@pytest.mark.parametrize("provider", [sheet.name for sheet in SHEETS.values() if sheet.models])
def test_harder_mails_never_get_a_cheaper_model(provider: str) -> None:
    models = [default_model(provider, complexity) for complexity in COMPLEXITIES]
    costs = [price(provider, model, A_MILLION) for model in models]
    assert costs == sorted(costs, key=lambda cost: cost or Decimal(0))
    assert default_model(provider, "triage") == models[0]


def test_a_provider_without_models_of_its_own_says_which_variable_names_one() -> None:
    with pytest.raises(Misconfigured, match="`LOCAL_MODEL`"):
        default_model("local", "triage")


def test_a_model_takes_what_its_family_takes() -> None:
    assert traits("openai", "gpt-4.1-mini").temperature
    assert not traits("openai", "gpt-6-luna").temperature
    assert traits("openai", "gpt-6-luna").effort
    assert traits("anthropic", "claude-opus-4-6").temperature
    assert not traits("anthropic", "claude-opus-5-5").temperature
    assert traits("gemini", "gemini-2.0-flash").thinking_tokens == 0
    assert traits("openai", "a-model-of-next-year") == traits("openai", "gpt-6.1-sol")


@pytest.mark.parametrize(
    "name", ["ft:gpt-4.1-mini:acme::9Xy", "openai/gpt-4.1", "models/gpt-4.1-nano", "ft:gpt-4.1:acme:tickets:1"]
)
def test_a_model_under_a_longer_name_belongs_to_its_family(name: str) -> None:
    assert traits("openai", name) == traits("openai", "gpt-4.1")


@given(
    st.sampled_from(sorted(DEFAULTS)), st.integers(0, 150_000), st.integers(0, 100), st.integers(0, 100),
    st.integers(0, 9_000)
)  # fmt: skip
def test_a_price_is_the_lists_own(which: tuple[str, str], asked: int, read: int, kept: int, answered: int) -> None:
    read, kept = asked * read // 200, asked * kept // 200
    usage = Usage(input_tokens=asked, cache_read_tokens=read, cache_write_tokens=kept, output_tokens=answered)
    provider, model = which
    listed = calc_price(
        ListedUsage(
            input_tokens=asked, cache_read_tokens=read, cache_write_tokens=kept, output_tokens=answered
        ),
        model, provider_id={"gemini": "google"}.get(provider, provider),
    )  # fmt: skip
    assert price(provider, model, usage) == listed.total_price


def test_cached_tokens_are_part_of_the_input_and_cost_less() -> None:
    plain = price("anthropic", "claude-haiku-5-5", Usage(input_tokens=10_000))
    cached = price("anthropic", "claude-haiku-5-5", Usage(input_tokens=10_000, cache_read_tokens=9_000))
    assert plain is not None
    assert cached is not None
    assert 0 < cached < plain


def test_an_unknown_price_is_null_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    prices._say_unknown.cache_clear()
    with caplog.at_level(logging.WARNING, logger="mailroom.providers"):
        for tokens in (1, 2, 3):
            assert price("openai", "a-model-nobody-lists", Usage(input_tokens=tokens)) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "a-model-nobody-lists" in caplog.text


@pytest.mark.parametrize(("provider", "model"), sorted(DEFAULTS))
def test_no_call_of_that_many_tokens_costs_more_than_its_worst_price(provider: str, model: str) -> None:
    worst = worst_price(provider, model, 10_000, 1_000)
    assert worst is not None
    for cached in ("cache_read_tokens", "cache_write_tokens"):
        cost = price(provider, model, Usage(**{"input_tokens": 10_000, "output_tokens": 1_000, cached: 4_000}))
        assert cost is not None
        assert cost <= worst


def test_counts_that_cannot_be_are_an_unknown_price_not_a_wrong_one() -> None:
    assert price("openai", "gpt-6-luna", Usage(input_tokens=1, cache_read_tokens=5)) is None


def test_a_local_model_costs_nothing_unless_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert price("local", "llama3.2", A_MILLION) == 0
    monkeypatch.setenv("MAILROOM_PRICES", '{"local:llama3.2": [0.2, 0.75], "openai:gpt-6-luna": ["1", 2]}')
    assert price("local", "llama3.2", A_MILLION) == Decimal("0.95")
    assert worst_price("openai", "gpt-6-luna", 1_000_000, 500_000) == 2


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a:b": 1}', '{"a:b": [1]}', '{"a:b": [-1, 0]}', '{"a:b": [NaN, 0]}', "3"]
)
def test_a_price_table_that_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MAILROOM_PRICES", text)
    with pytest.raises(Misconfigured, match="MAILROOM_PRICES must be JSON"):
        price("local", "llama3.2", A_MILLION)
