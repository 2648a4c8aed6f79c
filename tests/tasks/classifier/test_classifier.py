"""The classifier learns what can be learnt, and its certificate holds whatever it learnt."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra `triage`")
from tasks.classifier.certify import certify, lower_bound, upper_bound
from tasks.classifier.features import features_of
from tasks.classifier.linear_model import LinearModel
from tasks.classifier.train import Examples, train
from tasks.errors import Misconfigured
from tests.made_rows import message_row

WORDS = {
    "SUPPORT reply": "error login crash help broken ticket screen reset account fails".split(),
    "MARKETING": "offer discount sale newsletter unsubscribe deal save shop new exclusive".split(),
    "URGENT": "outage immediately down production critical now asap failure alarm breach".split(),
}


def mails(count: int, *, wrong: float = 0.0, seed: int = 1) -> tuple[list[dict], list[str]]:
    chance = random.Random(seed)
    rows, labels = [], []
    for number in range(count):
        label = chance.choice(list(WORDS))
        text = " ".join(chance.choices(WORDS[label], k=12))
        rows.append(message_row(text=text, subject=chance.choice(WORDS[label]), sender=f"p{number}@a.example"))
        labels.append(label if chance.random() >= wrong else chance.choice(list(WORDS)))
    return rows, labels


def examples(rows: list[dict], labels: list[str], counted: np.ndarray | None = None) -> Examples:
    everything = np.ones(len(rows), dtype=bool)
    return Examples(
        features=[features_of(row) for row in rows], labels=labels, weights=np.ones(len(rows)),
        counted=everything if counted is None else counted,
    )  # fmt: skip


def taught(count: int = 300, **options: float) -> object:
    return train(examples(*mails(count, **options)), never=("URGENT",), alpha=0.05, delta=0.05)


def test_it_learns_and_may_answer_all_but_what_is_never_answered():
    trained = taught()

    assert trained.accuracy > 0.98
    assert 0.5 < trained.local_share < 0.8
    assert not trained.certificate.covers("URGENT", 1.0)
    rows, labels = mails(100, seed=2)
    assert [trained.model.classify(features_of(row))[0] for row in rows] == labels


def test_labels_that_cannot_be_learnt_certify_nothing():
    assert taught(wrong=0.4).certificate.least > 1


def test_a_model_is_kept_without_a_pickle_and_says_the_same_afterwards():
    model = taught(120).model
    kept = model.to_bytes()
    assert len(kept) < 2_000_000
    again = LinearModel.from_bytes(kept)
    rows, _ = mails(50, seed=3)
    for row in rows:
        label, confidence = again.classify(features_of(row))
        assert label == model.classify(features_of(row))[0]
        assert confidence == pytest.approx(model.classify(features_of(row))[1], abs=0.02)


def test_a_model_that_would_run_code_is_refused():
    file = io.BytesIO()
    np.savez(file, facts=np.array([{"names": ["A"]}], dtype=object))
    with pytest.raises(Misconfigured, match="cannot be read"):
        LinearModel.from_bytes(file.getvalue())


def test_the_bound_is_broken_no_oftener_than_delta_allows():
    generator, broken, used = np.random.default_rng(5), 0, 0
    for _ in range(300):
        confidence = generator.random(400)
        right = generator.random(400) < 0.8 + 0.2 * confidence  # the error at c and above is (1 - c) / 10
        found = certify(["A"] * 400, right, confidence, never=(), alpha=0.05, delta=0.1)
        used += found.least <= 1
        broken += found.least <= 1 and (1 - found.least) / 10 > 0.05
    assert used > 100
    assert broken <= 300 * 0.1


def test_exact_bounds_are_those_of_the_tables():
    assert upper_bound(0, 59, 0.05) == pytest.approx(0.0495, abs=1e-3)
    assert upper_bound(1, 93, 0.05) == pytest.approx(0.05, abs=1e-3)
    assert lower_bound(10, 100, 0.05) == pytest.approx(0.0553, abs=1e-3)
    assert (upper_bound(0, 0, 0.05), lower_bound(0, 10, 0.05)) == (1.0, 0.0)


def test_of_many_mails_the_model_that_was_judged_is_the_one_that_answers(monkeypatch):
    monkeypatch.setattr("tasks.classifier.train._SPLIT_FROM", 300)
    rows, labels = mails(400, wrong=0.1)
    many = examples(rows, labels)

    trained = train(many, never=(), alpha=0.2, delta=0.05)
    told = [trained.model.classify(many.features[n]) for n in trained.judged]

    assert list(trained.judged) == list(range(320, 400))
    assert [name for name, _ in told] == trained.said
    assert np.allclose([sure for _, sure in told], trained.confidence)


def test_what_people_corrected_is_learnt_from_and_certifies_nothing():
    rows, labels = mails(300)
    few = np.zeros(300, dtype=bool)
    few[:50] = True
    trained = train(examples(rows, labels, few), never=(), alpha=0.05, delta=0.05)
    assert trained.certificate.least > 1
    assert len(trained.judged) == 50


def test_mails_of_one_kind_teach_nothing():
    rows, _ = mails(60)
    with pytest.raises(Misconfigured, match="two categories"):
        train(examples(rows, ["SUPPORT"] * 60), never=(), alpha=0.05, delta=0.05)
