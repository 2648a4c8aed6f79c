"""What a classifier may answer alone: the least confidence at which its error is bounded, found by Learn-then-Test.

Confidences are tried from the highest down, each by an exact binomial test that the error at and above it is greater
than `alpha`; the first that cannot be rejected ends the search. So the chance that the one that is left has a greater
error is at most `delta`, whatever the classifier is: Angelopoulos et al., *Learn then Test* (2021), 3.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = 40
"""Confidences that are tried, at equal shares of the mails: the finer, the sooner one fails by chance."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """`least` is the confidence from which on mails may be answered, above 1 where none may; `categories` which."""

    least: float
    categories: tuple[str, ...]
    alpha: float
    delta: float
    tested: int
    """Mails at and above that confidence that the test rests on."""
    wrong: int
    bound: float
    """The error that is exceeded with a chance of `delta` only."""

    def covers(self, category: str, confidence: float) -> bool:
        """Whether an answer of this confidence may stand in a model's place."""
        return confidence >= self.least and category in self.categories


def certify(
    said: Sequence[str], right: NDArray[np.bool_], confidence: NDArray[np.float64], *,
    never: Collection[str], alpha: float, delta: float,
) -> Certificate:  # fmt: skip
    """The certificate that answers about mails it was not trained on support; `right` says which were right."""
    allowed = tuple(sorted(set(said) - set(never)))
    counted = np.array([name in allowed for name in said], dtype=bool)
    order = np.argsort(-confidence[counted], kind="stable")
    sure, wrong = confidence[counted][order], np.cumsum(~right[counted][order])
    none = Certificate(least=2.0, categories=allowed, alpha=alpha, delta=delta, tested=0, wrong=0, bound=1.0)
    found = none
    for tested in _places(sure, alpha, delta):
        errors = int(wrong[tested - 1])
        if _binomial_tail(errors, tested, alpha) > delta:
            break
        found = Certificate(
            least=float(sure[tested - 1]), categories=allowed, alpha=alpha, delta=delta, tested=tested, wrong=errors,
            bound=upper_bound(errors, tested, delta),
        )  # fmt: skip
    return found


def _places(sure: NDArray[np.float64], alpha: float, delta: float) -> list[int]:
    """Numbers of mails to be tried, from those on that one error passes the test at; ties stay together."""
    least = math.ceil(math.log(delta) / math.log(1 - alpha))
    # With one error allowed from the start, a single unlucky mail among the surest does not end the search.
    least = next(n for n in range(least, 10 * least) if _binomial_tail(1, n, alpha) <= delta)
    step = max(1, len(sure) // _STEPS)
    tried = range(least, len(sure) + 1, step)
    return [int(np.searchsorted(-sure, -sure[n - 1], side="right")) for n in tried]


def _binomial_tail(errors: int, tested: int, rate: float) -> float:
    """The chance of at most so many errors among so many mails, each wrong with this chance."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    return sum(math.exp(_log_choose(tested, k) + k * log_rate + (tested - k) * log_rest) for k in range(errors + 1))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def upper_bound(errors: int, tested: int, delta: float) -> float:
    """The exact (Clopper-Pearson) bound that an error rate exceeds with a chance of `delta`; 1 without a mail."""
    low, high = (errors / tested if tested else 1.0), 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if middle < 1.0 and _binomial_tail(errors, tested, max(middle, 1e-12)) > delta:
            low = middle
        else:
            high = middle
    return high


def lower_bound(errors: int, tested: int, delta: float) -> float:
    """The bound that an error rate falls below with a chance of `delta`; 0 where nothing was wrong."""
    return 1.0 - upper_bound(tested - errors, tested, delta) if errors else 0.0
