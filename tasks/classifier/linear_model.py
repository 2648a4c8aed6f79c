"""A linear classifier as plain arrays: it is read without running anything that somebody else may have written."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tasks.classifier.features import SIZE, VERSION, Features
from tasks.errors import Misconfigured

MOST_SURE = 0.999
"""No answer counts as surer: where all are right, the next mail need not be as sure as the surest."""


@dataclass(frozen=True, kw_only=True)
class LinearModel:
    """Weights a place and category, and how sure its scores are: `temperature` divides them."""

    names: tuple[str, ...]
    weights: NDArray[np.float32]
    """Places by categories, the rarity of each place already in it."""
    bias: NDArray[np.float32]
    temperature: float
    rarity: NDArray[np.float32]

    def scores(self, features: Features) -> NDArray[np.float64]:
        """A score a category; the features are brought to length 1 first."""
        places, counts = features
        weighted = counts * self.rarity[places]
        length = float(np.sqrt(np.dot(weighted, weighted))) or 1.0
        return np.asarray((weighted / length) @ self.weights[places] + self.bias, dtype=float)

    def classify(self, features: Features) -> tuple[str, float]:
        """The category, and how likely it is right, as calibrated on mails it was not trained on."""
        likely = softmax(self.scores(features)[None, :], self.temperature)[0]
        best = int(likely.argmax())
        return self.names[best], min(MOST_SURE, float(likely[best]))

    def to_bytes(self) -> bytes:
        """The model as a compressed `.npz` without a pickle."""
        file = io.BytesIO()
        facts = json.dumps({"features": VERSION, "names": self.names, "temperature": self.temperature})
        used = np.flatnonzero(np.abs(self.weights).max(axis=1) > 0).astype(np.int32)
        np.savez_compressed(
            file, facts=np.frombuffer(facts.encode(), dtype=np.uint8), used=used,
            weights=self.weights[used].astype(np.float16), rarity=self.rarity.astype(np.float16), bias=self.bias,
        )  # fmt: skip
        return file.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """The model that `to_bytes` made.

        Raises:
            Misconfigured: It is damaged, or was trained on other features.
        """
        try:
            with np.load(io.BytesIO(kept), allow_pickle=False) as file:
                facts = json.loads(file["facts"].tobytes())
                weights = np.zeros((SIZE, len(facts["names"])), dtype=np.float32)
                weights[file["used"]] = file["weights"]
                rarity, bias = file["rarity"].astype(np.float32), file["bias"]
        except (ValueError, KeyError, OSError, IndexError) as error:
            raise Misconfigured(f"A classifier in the ledger cannot be read ({type(error).__name__}).") from None
        if facts["features"] != VERSION:
            raise Misconfigured("The classifier was trained by another version of the program; train it anew.")
        return cls(
            names=tuple(facts["names"]), weights=weights, bias=bias, temperature=facts["temperature"], rarity=rarity
        )


def softmax(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Rows of scores as probabilities."""
    shifted = scores / temperature
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
