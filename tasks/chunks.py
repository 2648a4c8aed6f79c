"""Splits a frame for `.map` and joins what came back; a chunk that was lost becomes rows that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pandas as pd
from pandera.typing import DataFrame

from tasks.frames import Frame

In = TypeVar("In", bound=Frame)
Out = TypeVar("Out", bound=Frame)


def split_rows(frame: DataFrame[In], rows: int) -> list[DataFrame[In]]:
    """The frame in pieces of at most `rows` rows, in order, each with an index of its own; none for an empty frame."""
    return [frame.iloc[start : start + rows].reset_index(drop=True) for start in range(0, len(frame), rows)]


def collect(
    answers: Iterable[DataFrame[Out] | BaseException],
    chunks: Sequence[DataFrame[In]],
    empty: DataFrame[Out],
    lost: Callable[[DataFrame[In], BaseException], DataFrame[Out]],
) -> DataFrame[Out]:
    """One frame of all answers, in the chunks' order.

    `answers` gives a frame for each chunk, or the exception that took its place. `lost` makes the rows that stand for a
    lost chunk, from the chunk that went in and that exception.
    """
    frames = [
        lost(chunk, answer) if isinstance(answer, BaseException) else answer
        for chunk, answer in zip(chunks, answers, strict=True)
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else empty
