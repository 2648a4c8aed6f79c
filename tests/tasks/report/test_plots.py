"""Plots can be read: nothing lies over anything else."""

from datetime import date
from itertools import pairwise

import pandas as pd
import pytest

from tasks.report import plots


@pytest.fixture(params=[1, 14])
def drawn(request, monkeypatch):
    """The two plots of a trend over so many days."""
    monkeypatch.setattr(plots, "_as_uri", lambda figure: figure)
    days = request.param
    index = [date(2026, 11, day + 1) for day in range(days)]
    counts = pd.DataFrame({"URGENT": [5] * days, "MARKETING": [1000] * days, "OTHER": [1000] * days}, index=index)

    figure = plots.trend(counts, pd.Series([0.2] * days, index=index), ("Mails a day", "US dollars a day"))
    figure.draw_without_rendering()
    return figure.axes


def test_the_names_of_the_categories_lie_beside_the_bars(drawn):
    mails, dollars = drawn
    legend = mails.get_legend().get_window_extent()
    assert mails.get_window_extent().x1 <= legend.x0
    assert legend.x1 <= dollars.get_window_extent().x0


def test_no_day_lies_over_another(drawn):
    for axes in drawn:
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))
