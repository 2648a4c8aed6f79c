"""Trains the classifier: scikit-learn fits the weights, which leave it as plain arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.classifier.certify import Certificate, certify
from tasks.classifier.features import SIZE, Features
from tasks.classifier.labels import category_of
from tasks.classifier.linear_model import MOST_SURE, LinearModel, softmax
from tasks.errors import Misconfigured

if TYPE_CHECKING:
    from sklearn.linear_model import SGDClassifier

_FOLDS = 5
_PENALTY = 1e-4
_STEPS = 600_000
"""Mails that are looked at in all rounds of one fit."""
_SPLIT_FROM = 5_000
_JUDGED = 0.2
_TEMPERATURES = np.geomspace(0.05, 5.0, 60)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A model, what it may answer, and how good it was on mails that it was not trained on."""

    model: LinearModel
    certificate: Certificate
    mails: int
    accuracy: float
    local_share: float
    local_agreement: float
    """Of the mails it may answer, the share that it answers as labelled; NaN where it may answer none."""
    judged: NDArray[np.int64]
    """Places of the mails that these figures are about; what was said of each, how sure, and whether it is right."""
    said: list[str]
    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures, null in place of NaN."""
        agreement = None if np.isnan(self.local_agreement) else self.local_agreement
        return {"accuracy": self.accuracy, "local_share": self.local_share, "local_agreement": agreement}

    def sentence(self) -> str:
        """The figures in one line."""
        return (
            f"Taught by {self.mails:,} mails: {self.accuracy:.3f} of {len(self.judged):,} others right; it may answer "
            f"{self.local_share:.0%} of mails, with an error of at most {self.certificate.bound:.1%}."
        )


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Mails in the order of time, with their labels and how much each counts."""

    features: Sequence[Features]
    labels: Sequence[str]
    weights: NDArray[np.float64]
    counted: NDArray[np.bool_]
    """Whether a mail counts in figures and certificate; all are learnt from."""

    def __getitem__(self, chosen: NDArray[np.int64]) -> Examples:
        return Examples(
            features=[self.features[n] for n in chosen], labels=[self.labels[n] for n in chosen],
            weights=self.weights[chosen], counted=self.counted[chosen],
        )  # fmt: skip


def train(examples: Examples, *, never: Collection[str], alpha: float, delta: float) -> Trained:
    """The classifier of these mails, certified by what models trained on four fifths said of the other fifth.

    Raises:
        Misconfigured: scikit-learn is not installed, or the mails have fewer than two categories.
    """
    names = tuple(sorted(set(examples.labels)))
    if len(names) < 2:
        raise Misconfigured("A classifier needs mails of at least two categories; these have one.")
    place = {name: n for n, name in enumerate(names)}
    true = np.array([place[label] for label in examples.labels])
    scores = np.full((len(true), len(names)), np.nan)
    folds = list(_folds(true))
    for inside, outside in folds:
        model = _fit(examples[inside], names)
        scores[outside] = [model.scores(examples.features[n]) for n in outside]
    judged = np.flatnonzero(~np.isnan(scores[:, 0]) & examples.counted)
    if not judged.size:
        raise Misconfigured("No mail that a model sorted is among those to learn from, so nothing can be certified.")
    temperature = _temperature(scores[judged], true[judged])
    likely = softmax(scores[judged], temperature)
    said = likely.argmax(axis=1)
    confidence, right = np.minimum(likely.max(axis=1), MOST_SURE), said == true[judged]
    told = [names[n] for n in said]
    banned = [name for name in names if category_of(name) in never]
    certificate = certify(told, right, confidence, never=banned, alpha=alpha, delta=delta)
    local = np.array([certificate.covers(*one) for one in zip(told, confidence, strict=True)], dtype=bool)
    # Of many mails the model that was judged is the one that answers: one taught by all of them is surer of itself, so
    # that the bound would be another's. Of few mails all are needed.
    used = model if len(folds) == 1 else _fit(examples, names)
    return Trained(
        model=LinearModel(
            names=names, weights=used.weights, bias=used.bias, rarity=used.rarity, temperature=temperature
        ),
        certificate=certificate, mails=len(true), judged=judged, said=told, confidence=confidence, right=right,
        accuracy=float(right.mean()), local_share=float(local.mean()),
        local_agreement=float(right[local].mean()) if local.any() else float("nan"),
    )  # fmt: skip


def _folds(true: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """What to train on and what to judge by: four fifths and the other fifth, five times, each category in equal parts.

    Of many mails, the latest fifth is judged once.
    """
    if len(true) >= _SPLIT_FROM:
        border = int(len(true) * (1 - _JUDGED))
        yield np.arange(border), np.arange(border, len(true))
        return
    fold = np.zeros(len(true), dtype=int)
    for name in np.unique(true):
        places = np.flatnonzero(true == name)
        fold[places] = np.arange(len(places)) % _FOLDS
    for one in range(_FOLDS):
        yield np.flatnonzero(fold != one), np.flatnonzero(fold == one)


def _fit(examples: Examples, names: tuple[str, ...]) -> LinearModel:
    """One linear model; a category that these mails lack has a score that never wins."""
    try:
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import SGDClassifier
    except ImportError:
        raise Misconfigured("Training a classifier needs scikit-learn: install `mailroom[triage]`.") from None
    rows = examples.features
    starts = np.cumsum([0, *(len(places) for places, _ in rows)])
    places = np.concatenate([places for places, _ in rows])
    counts = np.concatenate([counts for _, counts in rows])
    met = np.bincount(places, minlength=SIZE)
    # What one mail alone has tells nothing of others, and is most of all there is.
    rarity = np.where(met > 1, np.log((1 + len(rows)) / (1 + met)) + 1, 0).astype(np.float32)
    matrix = csr_matrix((counts * rarity[places], places, starts), shape=(len(rows), SIZE))
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix = matrix.multiply(1 / np.maximum(lengths, 1e-9)[:, None]).tocsr()
    rounds = int(np.clip(_STEPS / len(rows), 4, 30))
    fitted = SGDClassifier(
        loss="log_loss",
        alpha=_PENALTY,
        max_iter=rounds,
        tol=None,
        class_weight="balanced",
        average=True,
        random_state=0,
    )
    fitted.fit(matrix, examples.labels, sample_weight=examples.weights)
    return LinearModel(names=names, **_spread(fitted, names), rarity=rarity, temperature=1.0)


def _spread(fitted: SGDClassifier, names: tuple[str, ...]) -> dict[str, NDArray[np.float32]]:
    """Weights and bias with a column for each of `names`."""
    weights = np.zeros((SIZE, len(names)), dtype=np.float32)
    bias = np.full(len(names), -30.0, dtype=np.float32)
    coefficients, offsets = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # scikit-learn keeps one row of two that are each other's opposite
        coefficients, offsets = np.vstack([-coefficients, coefficients]) / 2, np.array([-offsets[0], offsets[0]]) / 2
    for row, name in enumerate(fitted.classes_):
        weights[:, names.index(name)], bias[names.index(name)] = coefficients[row], offsets[row]
    return {"weights": weights, "bias": bias}


def _temperature(scores: NDArray[np.float64], true: NDArray[np.int64]) -> float:
    """What the scores are divided by so that they are as sure as they are right: the likeliest of a few."""
    rows = np.arange(len(true))
    losses = [-np.log(np.maximum(softmax(scores, one)[rows, true], 1e-12)).mean() for one in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])
