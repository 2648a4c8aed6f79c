"""Estimates the cost of understanding mails, from their lengths and from past calls.

Expected: every mail is triaged once, some are analysed, and answers have their usual length. Worst: every mail is
triaged twice and analysed, and every answer has its longest length and is repaired once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from tasks.categories import DEFAULT_CATEGORIES, Categories
from tasks.frames import ANALYSES
from tasks.ledger.past_usage import PastUsage
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.prices import price
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.catalogue.tokens import estimate_tokens, question_tokens
from tasks.questions import Link, Usage
from tasks.settings import Settings
from tasks.understand import prompts
from tasks.understand.answers import Triage
from tasks.understand.models_by_price import complexity_by_length
from tasks.understand.protocols import Models
from tasks.understand.triage_together import has_control, may_be_asked_together
from tasks.understand.understand import analysis_question, triage_question

ANALYSED = 0.8
"""The share of mails that are analysed, used until the ledger has enough calls."""

_OUTPUT = {"triage": 90.0, "analysis": 400.0}
"""Tokens of an answer, used until the ledger has enough calls."""

_REPAIRS = 2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One question's part of an estimate. Money is null if the price of one of its models is unknown."""

    calls: float = 0
    input_tokens: float = 0
    output_tokens: float = 0
    expected_usd: Decimal | None = Decimal(0)
    worst_usd: Decimal | None = Decimal(0)

    def __add__(self, other: Stage) -> Stage:
        return Stage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            expected_usd=_sum(self.expected_usd, other.expected_usd),
            worst_usd=_sum(self.worst_usd, other.worst_usd),
        )

    def times(self, factor: float) -> Stage:
        """The same for `factor` times as many mails."""
        money = Decimal(str(factor))
        return Stage(
            calls=self.calls * factor,
            input_tokens=self.input_tokens * factor,
            output_tokens=self.output_tokens * factor,
            expected_usd=None if self.expected_usd is None else self.expected_usd * money,
            worst_usd=None if self.worst_usd is None else self.worst_usd * money,
        )


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The expected cost of `mails` mails by question. `basis` says what the figures are based on."""

    mails: int
    basis: str
    stages: dict[str, Stage] = field(default_factory=dict)
    unread: int = 0
    """Mails that are not sent to a model and cost nothing."""
    known: int = 0
    """Mails of the source that are done already. They are not counted in `mails`."""

    @property
    def whole(self) -> Stage:
        """All questions together."""
        return sum(self.stages.values(), Stage())

    def sentence(self) -> str:
        """The estimate in one line."""
        whole = self.whole
        return (
            f"{self.mails:,} mails, about {whole.input_tokens:,.0f} tokens in and {whole.output_tokens:,.0f} out: "
            f"{dollars(whole.expected_usd)} expected, {dollars(whole.worst_usd)} at worst ({self.basis})"
        )

    def as_json(self) -> dict[str, Any]:
        """JSON values. Money is text, so that it stays exact."""
        stages = {
            name: {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(stage).items()}
            for name, stage in {**self.stages, "total": self.whole}.items()
        }
        return {"mails": self.mails, "unread": self.unread, "known": self.known, "basis": self.basis, "stages": stages}

    def for_mails(self, mails: int) -> Estimate:
        """The estimate scaled to `mails` mails of the same mix."""
        if mails == self.mails or not self.mails:
            return self
        factor = mails / self.mails
        stages = {name: stage.times(factor) for name, stage in self.stages.items()}
        return replace(self, mails=mails, stages=stages, unread=round(self.unread * factor))


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the mails will be asked about: an answer's `max_tokens` by provider, mails per triage call, categories, and
    the price factor."""

    max_tokens: Mapping[str, int]
    mails_per_call: int = 1
    categories: Categories = DEFAULT_CATEGORIES
    price_factor: Decimal = Decimal(1)


def estimate(
    mails: Iterable[Mapping[str, Any]], models: Models, terms: Terms, past_usage: Mapping[str, PastUsage]
) -> Estimate:
    """Estimate the cost of these mails (rows of `tasks.frames.Messages`). One that is `unreadable` costs nothing."""
    share = _analysed_share(past_usage)
    triage, analysis, count, unread = Stage(), Stage(), 0, 0
    for mail in mails:
        count += 1
        if mail["unreadable"]:
            unread += 1
            continue
        triage += _triage(mail, models, terms, past_usage)
        analysis += _analysis(mail, models, terms, past_usage.get("analysis"), share)
    calls = sum(past.calls for past in past_usage.values())
    basis = (
        f"from {calls:,} calls of the last 30 days"
        if past_usage
        else "from general experience; this ledger has none yet"
    )
    return Estimate(mails=count, unread=unread, basis=basis, stages={"triage": triage, "analysis": analysis})


def dollars(money: Decimal | None) -> str:
    """The sum as text, also where it is unknown."""
    return "unknown (a model has no price)" if money is None else f"${money:.4f}"


def _triage(mail: Mapping[str, Any], models: Models, terms: Terms, past_usage: Mapping[str, PastUsage]) -> Stage:
    together = terms.mails_per_call if may_be_asked_together(mail) else 1
    past = past_usage.get("triage" if together == 1 else "triage_together")
    link = models.for_triage(mail)[0][0]
    alone, own = question_tokens(triage_question(mail, terms.categories)), estimate_tokens(prompts.triage_text(mail))
    calls = past.calls_a_mail if past else 1 / together
    output = past.output_tokens if past else _OUTPUT["triage"] * together
    tokens = (alone + own * (together - 1), output)
    second = models.for_second_triage(doubtful(mail))
    worst = _worst(link, terms, alone)
    if second:
        worst = _sum(
            worst, _worst(second[0][0], terms, question_tokens(triage_question(mail, terms.categories, whole=True)))
        )
    return replace(_stage(link, terms, past, tokens=tokens, calls=calls), worst_usd=worst)


def _analysis(mail: Mapping[str, Any], models: Models, terms: Terms, past: PastUsage | None, share: float) -> Stage:
    link = models.for_analysis(mail, doubtful(mail))[0][0]
    tokens = question_tokens(analysis_question(mail, frozenset(ANALYSES), "Japanese (ja)"))
    output = past.output_tokens if past else _OUTPUT["analysis"]
    calls = share * (past.calls_a_mail if past else 1.0)
    expected = _stage(link, terms, past, tokens=(tokens, output), calls=calls)
    dearest = models.for_analysis(mail, doubtful(mail).model_copy(update={"complexity": "complex"}))[0][0]
    return replace(expected, worst_usd=_worst(dearest, terms, tokens))


def _stage(link: Link, terms: Terms, past: PastUsage | None, *, tokens: tuple[float, float], calls: float) -> Stage:
    """The expected part. `tokens` are those of one call."""
    asked, answered = tokens[0] * sheet_of(link.provider).estimate_factor, tokens[1]
    usage = Usage(
        input_tokens=round(asked),
        output_tokens=round(answered),
        cache_read_tokens=round(asked * past.cached_share) if past else 0,
    )
    money = price(link.provider, link.model, usage)
    return Stage(
        calls=calls,
        input_tokens=asked * calls,
        output_tokens=answered * calls,
        expected_usd=None if money is None else money * Decimal(str(calls)) * terms.price_factor,
    )


def _worst(link: Link, terms: Terms, tokens: int) -> Decimal | None:
    most = terms.max_tokens[link.provider] + traits(link.provider, link.model).thinking_tokens
    usage = Usage(input_tokens=round(tokens * sheet_of(link.provider).estimate_factor), output_tokens=most)
    one = price(link.provider, link.model, usage)
    return None if one is None else one * _REPAIRS * terms.price_factor


def doubtful(mail: Mapping[str, Any]) -> Triage:
    """An assumed triage of a mail that was not read: its complexity follows from its length."""
    return Triage(
        category="",
        language="en",
        needs_reply=True,
        complexity=complexity_by_length(int(mail["tokens"])),
        confidence=0.0,
        reason="",
    )


def _analysed_share(past_usage: Mapping[str, PastUsage]) -> float:
    triaged = sum(past_usage[name].mails for name in ("triage", "triage_together") if name in past_usage)
    analysis = past_usage.get("analysis")
    return min(1.0, analysis.mails / triaged) if triaged and analysis else ANALYSED


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def terms_of(
    settings: Settings,
    accounts: Accounts,
    price_factor: Decimal = Decimal(1),
    categories: Categories = DEFAULT_CATEGORIES,
) -> Terms:
    """The terms that follow from these settings."""
    providers = (settings.provider, *settings.fallbacks)
    return Terms(
        max_tokens={name: accounts.of(name).max_tokens for name in providers},
        mails_per_call=settings.mails_per_call if has_control(categories) else 1,
        categories=categories,
        price_factor=price_factor,
    )
