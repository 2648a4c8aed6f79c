"""Whether two candidates that answered about the same mails differ by more than chance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tasks.score.answers import Answers
from tasks.score.measures import RESAMPLINGS, Figure, macro_f1, resampled


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What the first candidate is ahead by; `p_value` is McNemar's, exact, of categories being right."""

    only_first: int
    only_second: int
    p_value: float
    accuracy: Figure
    macro_f1: Figure

    def sentence(self) -> str:
        """The comparison in one line."""
        told = "they differ by more than chance" if self.p_value < 0.05 else "chance alone may explain that"
        return (
            f"Right where the other is wrong: {self.only_first} and {self.only_second} mails; "
            f"McNemar's p = {self.p_value:.3f}: {told}."
        )


def compare(first: Answers, second: Answers, resamplings: int = RESAMPLINGS) -> Comparison:
    """The first against the second; both have the same mails in the same order."""
    only_first = int(np.sum(first.right & ~second.right))
    only_second = int(np.sum(second.right & ~first.right))
    draws = resampled(len(first.true), resamplings)
    every = np.arange(len(first.true))
    gain = first.right.astype(float) - second.right.astype(float)
    by_f1 = np.array([macro_f1(first, chosen) - macro_f1(second, chosen) for chosen in draws])
    return Comparison(
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
        accuracy=_figure(float(gain.mean()), gain[draws].mean(axis=1)),
        macro_f1=_figure(macro_f1(first, every) - macro_f1(second, every), by_f1),
    )


def mcnemar(one: int, other: int) -> float:
    """How likely chance alone makes so uneven a pair of counts, two-sided and exact; 1 where both are 0."""
    total, fewer = one + other, min(one, other)
    tail = sum(math.comb(total, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**total))


def _figure(value: float, drawn: np.ndarray) -> Figure:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(value=value, low=float(low), high=float(high))
