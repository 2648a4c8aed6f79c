"""Figures of a candidate, each with the interval that 95 of 100 resamplings of the mails fall into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tasks.score.answers import Answers

RESAMPLINGS = 1_000
_SEED = 20_260
_BINS = 10
Indexes = NDArray[np.int64]
Measure = Callable[[Answers, Indexes], float]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A value and its 95 % interval; NaN where no mail has what it is about."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return "–" if np.isnan(self.value) else f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def confusion(answers: Answers, chosen: Indexes | None = None) -> NDArray[np.int64]:
    """How often each category (rows) was answered as each (columns)."""
    true, said = (answers.true, answers.said) if chosen is None else (answers.true[chosen], answers.said[chosen])
    size = len(answers.names)
    return np.bincount(true * size + said, minlength=size * size).reshape(size, size)


def macro_f1(answers: Answers, chosen: Indexes) -> float:
    """The mean of the F1 of all categories that a label has, each of the same weight."""
    counts = confusion(answers, chosen)
    right, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    present = true > 0
    return float(np.mean(2 * right[present] / (true[present] + said[present])))


def _accuracy(answers: Answers, chosen: Indexes) -> float:
    return float(np.mean(answers.right[chosen]))


def _mean(name: str, answers: Answers, chosen: Indexes) -> float:
    values = getattr(answers, name)[chosen]
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _ratio(name: str, above: int, below: int, answers: Answers, chosen: Indexes) -> float:
    sums = getattr(answers, name)[chosen].sum(axis=0)
    return float(sums[above] / sums[below]) if sums[below] else float("nan")


MEASURES: dict[str, Measure] = {
    "accuracy": _accuracy,
    "macro_f1": macro_f1,
    "needs_reply": partial(_mean, "replies_right"),
    "action_items_precision": partial(_ratio, "items", 0, 1),
    "action_items_recall": partial(_ratio, "items", 0, 2),
    "verified_quotes": partial(_ratio, "quotes", 0, 1),
    "faithful": partial(_mean, "faithful"),
    "seconds_a_mail": partial(_mean, "seconds"),
    "usd_a_mail": partial(_mean, "usd"),
}


def figures(answers: Answers, resamplings: int = RESAMPLINGS) -> dict[str, Figure]:
    """All figures by name. The same answers give the same intervals."""
    draws = resampled(len(answers.true), resamplings)
    every = np.arange(len(answers.true))
    return {name: _figure(measure, answers, every, draws) for name, measure in MEASURES.items()}


def resampled(mails: int, resamplings: int) -> NDArray[np.int64]:
    """Places of mails drawn with replacement, a row a resampling."""
    return np.random.default_rng(_SEED).integers(0, mails, size=(resamplings, mails))


def _figure(measure: Measure, answers: Answers, every: Indexes, draws: NDArray[np.int64]) -> Figure:
    value = measure(answers, every)
    if np.isnan(value):
        return Figure(value=value, low=value, high=value)
    drawn = np.array([measure(answers, chosen) for chosen in draws])
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(value=value, low=float(low), high=float(high))


def reliability(answers: Answers) -> list[tuple[float, float, int]]:
    """Mean confidence, accuracy and number of mails of each tenth of confidence that has mails."""
    known = ~np.isnan(answers.confidence)
    confidence, right = answers.confidence[known], answers.right[known]
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    found = [(confidence[bins == one], right[bins == one]) for one in range(_BINS)]
    return [(float(said.mean()), float(true.mean()), len(said)) for said, true in found if len(said)]
