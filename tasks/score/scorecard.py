"""The page of an evaluation: figures side by side, what was mistaken for what, and the pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tasks.score.answers import Answers
from tasks.score.compare import Comparison
from tasks.score.measures import Figure, confusion, reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A candidate with its answers and figures."""

    name: str
    answers: Answers
    figures: Mapping[str, Figure]
    simulated: bool = False


def scorecard(candidates: list[Scored], comparison: Comparison | None, *, labels: str, gate: str) -> str:
    """The evaluation as Markdown."""
    mails = len(candidates[0].answers.true)
    parts = [f"# {mails} labelled mails of `{labels}`", ""]
    if any(one.simulated for one in candidates):
        parts += ["> **Simulated.** A simulator answered in a provider's place.", ""]
    parts += [gate, ""] if gate else []
    head = " | ".join(one.name for one in candidates)
    parts += [f"| figure (95 % interval) | {head} |", f"| --- |{' --- |' * len(candidates)}"]
    for name in candidates[0].figures:
        row = " | ".join(str(one.figures[name]) for one in candidates)
        parts.append(f"| {name.replace('_', ' ')} | {row} |")
    if comparison:
        parts += ["", comparison.sentence(), ""]
        parts += [f"Ahead by {comparison.accuracy} in accuracy and {comparison.macro_f1} in macro-F1."]
    for one in candidates:
        picture = base64.b64encode(pictures(one)).decode()
        parts += ["", f"## {one.name}", "", f"![confusion and reliability](data:image/png;base64,{picture})", ""]
        parts += _confusion_table(one.answers)
    return "\n".join(parts)


def pictures(scored: Scored) -> bytes:
    """The confusion matrix beside the reliability plot, as a PNG."""
    from matplotlib.figure import Figure as Drawing

    drawing = Drawing(figsize=(9, 4), layout="constrained")
    left, right = drawing.subplots(1, 2)
    _draw_confusion(left, scored.answers)
    _draw_reliability(right, scored.answers)
    picture = io.BytesIO()
    drawing.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _shown(answers: Answers) -> list[int]:
    counts = confusion(answers)
    return [n for n in range(len(answers.names)) if counts[n].sum() or counts[:, n].sum()]


def _draw_confusion(axes: Axes, answers: Answers) -> None:
    shown = _shown(answers)
    counts = confusion(answers)[np.ix_(shown, shown)]
    names = [answers.names[n] for n in shown]
    axes.imshow(counts, cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        dark = bool(count > counts.max() / 2)
        axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color="white" if dark else "black")
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xlabel("answered", fontsize=8)
    axes.set_ylabel("labelled", fontsize=8)
    axes.set_title("What was taken for what", loc="left", fontsize=9)


def _draw_reliability(axes: Axes, answers: Answers) -> None:
    found = reliability(answers)
    axes.plot([0, 1], [0, 1], color="#9aa0a6", linewidth=1)
    if found:
        said, right, mails = zip(*found, strict=True)
        axes.scatter(said, right, s=[20 + 6 * count for count in mails], color="#3b6ea5", alpha=0.7)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("confidence", fontsize=8)
    axes.set_ylabel("share that is right", fontsize=8)
    axes.set_title("Is it as sure as it is right?", loc="left", fontsize=9)


def _confusion_table(answers: Answers) -> list[str]:
    shown = _shown(answers)
    counts = confusion(answers)
    lines = [
        f"| labelled \\\\ answered | {' | '.join(answers.names[n] for n in shown)} |",
        f"| --- |{' --- |' * len(shown)}",
    ]
    return lines + [f"| {answers.names[n]} | {' | '.join(str(counts[n, m]) for m in shown)} |" for n in shown]
