"""A classifier taught by labelled mails: how many may it answer, how well, and how often is its bound broken?

Run by `make bench-triage`. The labels stand for a model's answers. With MAILROOM_CORPUS on that folder's labelled
office mail, else on made mails. Five times a classifier is taught and certified by four fifths and judged by the other;
then the mails come in the order of time, and each is judged by a classifier that was taught by those before it.
`violations` is the share of 200 streams, drawn from the judged mails, whose certificate lets through a greater error
than it names. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import random
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import numpy as np

from tasks.categories import DEFAULT_CATEGORIES
from tasks.classifier.certify import certify
from tasks.classifier.features import features_of
from tasks.classifier.linear_model import LinearModel
from tasks.classifier.train import Examples, Trained, train
from tasks.ingest.rows import parse
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings
from tasks.understand.estimate import question_tokens
from tasks.understand.understand import triage_question
from tests.benchmarks.labelled_mails import office_mails

NEVER, ALPHA, DELTA = ("URGENT",), 0.05, 0.05
STREAMS = 200
WORDS = {
    "SUPPORT": "error login crash help broken ticket screen reset account fails",
    "MARKETING": "offer discount sale newsletter unsubscribe deal save shop new exclusive",
    "PERSONAL": "dinner birthday weekend love family photos thanks hugs mum party",
    "URGENT": "outage immediately down production critical now asap failure alarm breach",
    "OTHER": "report attached invoice update minutes statement record notice summary review",
}


def main() -> None:
    corpus = os.environ.get("MAILROOM_CORPUS")
    rows, labels = _office(Path(corpus)) if corpus else _made(random.Random(1))
    print(f"{len(rows)} {'labelled office mails' if corpus else 'made mails (no MAILROOM_CORPUS)'}")
    features = [features_of(row) for row in rows]
    every = Examples(
        features=features, labels=labels, weights=np.ones(len(rows)), counted=np.ones(len(rows), dtype=bool)
    )
    folds = _five_fold(every)
    stream = _stream(every)
    whole = train(every, never=NEVER, alpha=ALPHA, delta=DELTA)
    tokens = np.mean([question_tokens(triage_question(row, DEFAULT_CATEGORIES)) for row in rows])
    figures = {
        "mails": len(rows), "accuracy": folds["accuracy"], "local_share": folds["local_share"],
        "local_agreement": folds["local_agreement"], "certified_error": whole.certificate.bound,
        "stream_local_share": stream["local_share"], "stream_local_agreement": stream["local_agreement"],
        "violations": _violations(whole), "ms_per_mail": _ms(whole.model, rows),
        "tokens_saved": float(tokens) * folds["local_share"],
    }  # fmt: skip
    for name, value in figures.items():
        print(f"{name:24} {value:.4g}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _office(corpus: Path) -> tuple[list[dict[str, Any]], list[str]]:
    settings = Settings()
    known = sorted(office_mails(corpus), key=lambda pair: str(pair[1]["date"]))
    return [parse(raw, settings).row for raw, _ in known], [one["category"] for _, one in known]


def _made(chance: random.Random) -> tuple[list[dict[str, Any]], list[str]]:
    """Mails of words of their category and of others, one in twenty labelled wrong."""
    settings, rows, labels = Settings(), [], []
    for number in range(600):
        label = chance.choice(list(WORDS))
        mail = EmailMessage()
        mail["From"], mail["Subject"] = f"p{number % 40}@s{number % 9}.example", chance.choice(WORDS[label].split())
        other = WORDS[chance.choice(list(WORDS))].split()
        mail.set_content(" ".join(chance.choices(WORDS[label].split() + other[:5], k=25)))
        rows.append(parse(RawMail(raw=mail.as_bytes(), source_id="", origin=Origin(source="made")), settings).row)
        labels.append(label if chance.random() > 0.05 else chance.choice(list(WORDS)))
    return rows, labels


def _five_fold(every: Examples) -> dict[str, float]:
    order = np.random.default_rng(1).permutation(len(every.labels))
    judged = [_judged(every, np.setdiff1d(order, part), np.sort(part)) for part in np.array_split(order, 5)]
    return _summed(judged)


def _stream(every: Examples) -> dict[str, float]:
    """In the order of time: taught by all before, judged by the next tenth, from half of them on."""
    parts = np.array_split(np.arange(len(every.labels)), 10)
    return _summed([_judged(every, np.concatenate(parts[:n]), parts[n]) for n in range(5, 10)])


def _judged(every: Examples, inside: np.ndarray, outside: np.ndarray) -> list[tuple[bool, bool]]:
    """For each mail outside: whether it was right, and whether it may be answered."""
    trained = train(every[inside], never=NEVER, alpha=ALPHA, delta=DELTA)
    said = [trained.model.classify(every.features[n]) for n in outside]
    pairs = zip(said, outside, strict=True)
    return [(one[0] == every.labels[n], trained.certificate.covers(*one)) for one, n in pairs]


def _summed(parts: list[list[tuple[bool, bool]]]) -> dict[str, float]:
    right, local = np.array([pair for part in parts for pair in part]).T
    agreed = float(right[local].mean()) if local.any() else float("nan")
    return {"accuracy": float(right.mean()), "local_share": float(local.mean()), "local_agreement": agreed}


def _violations(whole: Trained) -> float:
    """How often a certificate made from a stream drawn from the judged mails allows a greater error than alpha."""
    said, confidence, right = whole.said, whole.confidence, whole.right
    generator, broken = np.random.default_rng(2), 0
    for _ in range(STREAMS):
        drawn = generator.integers(0, len(said), size=len(said))
        found = certify(
            [said[n] for n in drawn], right[drawn], confidence[drawn], never=NEVER, alpha=ALPHA, delta=DELTA
        )
        local = np.array([found.covers(*one) for one in zip(said, confidence, strict=True)])
        broken += bool(local.any()) and bool(np.mean(~right[local]) > ALPHA)
    return broken / STREAMS


def _ms(model: LinearModel, rows: list[dict[str, Any]]) -> float:
    began = time.process_time()
    for row in rows:
        model.classify(features_of(row))
    return (time.process_time() - began) / len(rows) * 1_000


if __name__ == "__main__":
    main()
