"""The ledger's mails as the classifier learns from them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from sqlalchemy import Engine

from tasks.classifier.features import Features, features_of, sender_of
from tasks.classifier.labels import label_of
from tasks.classifier.train import Examples
from tasks.ingest.rows import parse
from tasks.ledger.lessons import Lesson, read_lessons
from tasks.ledger.messages import load_raw
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings

MOST = 50_000
_CORRECTED = 3.0
"""How much a person's word counts beside a model's."""
_OF_A_SENDER = 20.0
"""Mails of one sender count as so many at most, and half as many of them certify anything."""


def examples_of(engine: Engine, settings: Settings) -> Examples:
    """The newest mails that a model or a person sorted, in the order of time.

    What a person said is learnt from and certifies nothing: the bound is about the model's answers, and whoever
    corrects a thousand mails must not widen what is answered without it.
    """
    lessons = {one.message_key: one for one in read_lessons(engine, MOST)}
    found: dict[str, tuple[Features, str]] = {}
    for kept in load_raw(engine, lessons):
        raw = RawMail(raw=kept["raw"], source_id=kept["source_id"], origin=Origin(source="ledger"))
        row = parse(raw, settings).row
        if not row["unreadable"]:
            found[kept["message_key"]] = features_of(row), sender_of(row)
    keys = [key for key in lessons if key in found]
    return _weighed([lessons[key] for key in keys], [found[key] for key in keys])


def _weighed(lessons: list[Lesson], mails: list[tuple[Features, str]]) -> Examples:
    sent = Counter(sender for _, sender in mails)
    met: Counter[str] = Counter()
    weights, counted = [], []
    for lesson, (_, sender) in zip(lessons, mails, strict=True):
        met[sender] += 1
        weights.append(min(1.0, _OF_A_SENDER / sent[sender]) * (_CORRECTED if lesson.person else 1.0))
        counted.append(not lesson.person and met[sender] <= _OF_A_SENDER / 2)
    labels = [label_of(one.category, needs_reply=one.needs_reply) for one in lessons]
    return Examples(
        features=[features for features, _ in mails], labels=labels, weights=np.array(weights),
        counted=np.array(counted, dtype=bool),
    )  # fmt: skip
