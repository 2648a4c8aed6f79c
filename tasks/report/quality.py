"""How good the answers are, as people and samples say, for the digest."""

from __future__ import annotations

from sqlalchemy import Engine

from tasks.ledger.classifiers import (
    WATCHED,
    classifier_in_use,
    count_local,
    list_classifiers,
    sampled_agreement,
    triage_price_usd,
)
from tasks.ledger.corrections import count_said
from tasks.ledger.engine import reading


def quality_text(engine: Engine, *, since: float, mails: int) -> str:
    """A section of Markdown about the time since then (UTC seconds), in which so many mails were processed.

    Empty where nobody looked at an answer and no classifier sorts mails.
    """
    lines = [*_said(engine, since), *_local(engine, since, mails)]
    return "\n".join(["", "## How good the answers are", "", *(f"- {line}" for line in lines), ""]) if lines else ""


def _said(engine: Engine, since: float) -> list[str]:
    told = []
    for way, (looked_at, changed) in sorted(count_said(engine, since).items()):
        right = (looked_at - changed) / looked_at
        told.append(f"People said of {looked_at} categories ({way}) what they are: {right:.0%} were right.")
    return told


def _local(engine: Engine, since: float, mails: int) -> list[str]:
    versions = list_classifiers(engine)
    told = []
    local = count_local(engine, since)
    if local:
        with reading(engine) as connection:
            saved = local * triage_price_usd(connection)
        told.append(
            f"{local} of {mails} mails ({local / max(1, mails):.0%}) were sorted without asking a model, which saved "
            f"about ${saved:.4f}."
        )
    if not versions:
        return told
    current = classifier_in_use(engine)
    if current is None:
        last = versions[0]
        return [*told, f"No classifier is in use; number {last.number} is {last.state}: {last.why}"]
    sampled, differ = sampled_agreement(engine, current.number, WATCHED)
    if sampled:
        told.append(
            f"Of {sampled} sampled answers of classifier {current.number}, {differ} differ from the model's; at most "
            f"{current.certificate['alpha']:.0%} may."
        )
    return told
