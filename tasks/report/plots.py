"""Plots as `data:` URIs within the page, so that a browser fetches nothing for them."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLOURS = {
    "COMPLETED": "#2e7d5b",
    "FAILED": "#b3372f",
    "SKIPPED": "#9aa0a6",
    "PENDING": "#d9a400",
    "PROCESSING": "#5a7fb5",
}
_OTHER = "#3b6ea5"


def bars(left: Mapping[str, int], right: Mapping[str, int], titles: tuple[str, str]) -> str:
    """Two bar charts side by side as a `data:` URI of a PNG. They have no numbers, which are in the page's tables."""
    from matplotlib.figure import Figure  # imported here: it takes 0.3 s, and a run without mails draws nothing

    height = 0.9 + 0.3 * max(len(left), len(right), 1)
    figure = Figure(figsize=(8, height), layout="constrained")
    for axes, counts, title in zip(figure.subplots(1, 2), (left, right), titles, strict=True):
        names = list(counts)[::-1]
        axes.barh(names, [counts[name] for name in names], color=[_COLOURS.get(name, _OTHER) for name in names])
        axes.set_title(title, loc="left", fontsize=9)
        axes.tick_params(labelsize=8, length=0)
        axes.xaxis.set_visible(False)
        axes.margins(x=0.15)
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    return _as_uri(figure)


def trend(counts: pd.DataFrame, dollars: pd.Series[float], titles: tuple[str, str]) -> str:
    """`counts` (rows are days, columns categories) as stacked bars, beside `dollars` per day, as a `data:` URI."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    days = [f"{day:%d.%m.}" for day in counts.index]
    below = [0] * len(days)
    for name in counts.columns:
        values = counts[name].tolist()
        left.bar(days, values, bottom=below, label=str(name))
        below = [low + value for low, value in zip(below, values, strict=True)]
    left.legend(fontsize=7, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))  # beside the bars
    right.bar([f"{day:%d.%m.}" for day in dollars.index], dollars.tolist(), color=_OTHER)
    for axes, title in zip((left, right), titles, strict=True):
        axes.set_title(title, loc="left", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.tick_params(axis="x", rotation=90)  # the days of two weeks would lie over each other
        axes.spines[["top", "right"]].set_visible(False)
    return _as_uri(figure)


def _as_uri(figure: Figure) -> str:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
