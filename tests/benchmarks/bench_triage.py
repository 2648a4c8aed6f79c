"""A classifier taught by labelled mails: how many may it answer, how well, and how often is its bound broken?

Run by `make bench-triage`. The labels stand for a model's answers. With MAILROOM_CORPUS on that folder's labelled
office mail, with MAILROOM_LABELLED on a table of the columns `text` and `category`, else on made mails. Five times a
classifier is taught and certified by four fifths and judged by the other; then the mails come in the order of time, and
each is judged by a classifier that was taught by those before it. `violations` is the share of 200 streams, drawn from
the judged mails, whose certificate lets through a greater error than it names; `drift_…` say after how many sampled
answers it steps back. With `--train` only the time and memory are measured that teaching takes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import resource
import time
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tasks.categories import DEFAULT_CATEGORIES
from tasks.classifier.certify import certify, lower_bound
from tasks.classifier.features import features_of
from tasks.classifier.linear_model import LinearModel
from tasks.classifier.train import Examples, Trained, train
from tasks.ingest.rows import parse
from tasks.ledger.classifiers import WATCHED
from tasks.mailbox.raw import Origin, RawMail
from tasks.providers.catalogue.tokens import question_tokens
from tasks.settings import Settings
from tasks.understand.understand import triage_question
from tests.benchmarks.labelled_mails import office_mails

NEVER, ALPHA, DELTA = ("URGENT",), 0.05, 0.05
STREAMS = 200
LARGE = 3_000
"""Mails from which on a set is judged once and in no order of time."""
WORDS = {
    "SUPPORT": "error login crash help broken ticket screen reset account fails",
    "MARKETING": "offer discount sale newsletter unsubscribe deal save shop new exclusive",
    "PERSONAL": "dinner birthday weekend love family photos thanks hugs mum party",
    "URGENT": "outage immediately down production critical now asap failure alarm breach",
    "OTHER": "report attached invoice update minutes statement record notice summary review",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, default=0, help="only teach a classifier by so many made mails")
    most = parser.parse_args().train
    figures = _teaching(most) if most else _figures()
    for name, value in figures.items():
        print(f"{name:24} {value:.4g}")
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


def _figures() -> dict[str, float]:
    rows, labels, named = _labelled()
    print(f"{len(rows)} {named}")
    features = [features_of(row) for row in rows]
    every = Examples(
        features=features, labels=labels, weights=np.ones(len(rows)), counted=np.ones(len(rows), dtype=bool)
    )
    small = len(rows) < LARGE
    folds = _five_fold(every) if small else _one_fold(every)
    stream = _stream(every) if small else {}
    whole = train(every, never=NEVER, alpha=ALPHA, delta=DELTA)
    tokens = np.mean([question_tokens(triage_question(row, DEFAULT_CATEGORIES)) for row in rows[:1_000]])
    return {
        "mails": len(rows), "accuracy": folds["accuracy"], "local_share": folds["local_share"],
        "local_agreement": folds["local_agreement"], "certified_error": whole.certificate.bound,
        **{f"stream_{name}": stream[name] for name in ("local_share", "local_agreement") if stream},
        "violations": _violations(whole), "ms_per_mail": _ms(whole.model, rows[:1_000]),
        "tokens_saved": float(tokens) * folds["local_share"], **_drift(whole),
    }  # fmt: skip


def _labelled() -> tuple[list[dict[str, Any]], list[str], str]:
    corpus, table = os.environ.get("MAILROOM_CORPUS"), os.environ.get("MAILROOM_LABELLED")
    if table:
        return *_of_table(Path(table)), "labelled texts of MAILROOM_LABELLED"
    if corpus:
        return *_office(Path(corpus)), "labelled office mails"
    return *_made(random.Random(1)), "made mails (no MAILROOM_CORPUS)"


def _of_table(path: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """Texts as mails without sender and subject; they are shuffled, as such tables are in the order of labels."""
    settings = Settings()
    with path.open(encoding="utf-8", newline="") as lines:
        known = list(csv.DictReader(lines))
    random.Random(1).shuffle(known)
    raws = (f"Subject:\nContent-Type: text/plain; charset=utf-8\n\n{one['text']}\n".encode() for one in known)
    rows = [parse(RawMail(raw=raw, source_id="", origin=Origin(source="table")), settings).row for raw in raws]
    return rows, [one["category"] for one in known]


def _office(corpus: Path) -> tuple[list[dict[str, Any]], list[str]]:
    settings = Settings()
    known = sorted(office_mails(corpus), key=lambda pair: str(pair[1]["date"]))
    return [parse(raw, settings).row for raw, _ in known], [one["category"] for _, one in known]


def _made(chance: random.Random, count: int = 600) -> tuple[list[dict[str, Any]], list[str]]:
    """Mails of words of their category and of others, one in twenty labelled wrong."""
    settings, rows, labels = Settings(), [], []
    for number in range(count):
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


def _one_fold(every: Examples) -> dict[str, float]:
    """A large set is taught by four fifths, and judged by the other once."""
    order = np.random.default_rng(1).permutation(len(every.labels))
    border = len(order) // 5
    return _summed([_judged(every, np.sort(order[border:]), np.sort(order[:border]))])


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


def _drift(whole: Trained) -> dict[str, float]:
    """Of 200 streams of sampled answers each: how many that go on as before step back within 1,000, and after how many
    mails those do whose model gives another label from a moment on, and those where it does to a fifth of the mails."""
    local = np.array([whole.certificate.covers(*one) for one in zip(whole.said, whole.confidence, strict=True)])
    if not local.any():
        return {}
    wrong, generator = ~whole.right[local], np.random.default_rng(4)
    before = [generator.choice(wrong, 1_000) for _ in range(STREAMS)]
    alarms = [_steps_back_after(stream) for stream in before]
    found: dict[str, float] = {"drift_false_alarms": float(np.mean([one is not None for one in alarms]))}
    for name, share in (("all", 1.0), ("a_fifth", 0.2)):
        after = [np.concatenate([one[:100], one[100:] | (generator.random(900) < share)]) for one in before]
        steps = [_steps_back_after(stream) or 1_001 for stream in after]
        found[f"drift_of_{name}_noticed_after"] = float(np.median(steps)) - 100
        found[f"drift_of_{name}_within_100"] = float(np.mean([one <= 200 for one in steps]))
    return found


def _steps_back_after(wrong: np.ndarray) -> int | None:
    counts = np.concatenate([[0], np.cumsum(wrong)])
    for seen in range(1, len(wrong) + 1):
        first = max(0, seen - WATCHED)
        if _lower(int(counts[seen] - counts[first]), seen - first) > ALPHA:
            return seen
    return None


@cache
def _lower(wrong: int, sampled: int) -> float:
    return lower_bound(wrong, sampled, DELTA)


def _teaching(mails: int) -> dict[str, float]:
    """What it takes to teach a classifier by so many made mails, their features included; memory is the whole's."""
    rows, labels = _made(random.Random(1), mails)
    began, wall = time.process_time(), time.perf_counter()
    every = Examples(
        features=[features_of(row) for row in rows], labels=labels, weights=np.ones(mails),
        counted=np.ones(mails, dtype=bool),
    )  # fmt: skip
    read = time.process_time()
    trained = train(every, never=NEVER, alpha=ALPHA, delta=DELTA)
    return {
        "mails": mails, "features_cpu_s": read - began, "train_cpu_s": time.process_time() - read,
        "wall_s": time.perf_counter() - wall, "most_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000,
        "accuracy": trained.accuracy,
    }  # fmt: skip


def _ms(model: LinearModel, rows: list[dict[str, Any]]) -> float:
    began = time.process_time()
    for row in rows:
        model.classify(features_of(row))
    return (time.process_time() - began) / len(rows) * 1_000


if __name__ == "__main__":
    main()
