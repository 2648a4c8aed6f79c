"""Splits a frame for `.map` and joins the results. A lost chunk becomes rows that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pandas as pd
from pandera.typing import DataFrame

from tasks.frames import Frame

In = TypeVar("In", bound=Frame)
Out = TypeVar("Out", bound=Frame)


def split_rows(frame: DataFrame[In], rows: int) -> list[DataFrame[In]]:
    """The frame in chunks of at most `rows` rows, in order, each with its own index; none for an empty frame."""
    return [frame.iloc[start : start + rows].reset_index(drop=True) for start in range(0, len(frame), rows)]


def collect(
    answers: Iterable[DataFrame[Out] | BaseException],
    chunks: Sequence[DataFrame[In]],
    empty: DataFrame[Out],
    lost: Callable[[DataFrame[In], BaseException], DataFrame[Out]],
) -> DataFrame[Out]:
    """One frame with all answers, in the chunks' order.

    `answers` has a frame or an exception for each chunk. `lost` makes the rows for a lost chunk from the chunk and its
    exception.
    """
    frames = [
        lost(chunk, answer) if isinstance(answer, BaseException) else answer
        for chunk, answer in zip(chunks, answers, strict=True)
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else empty
