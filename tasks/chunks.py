"""Splitting a frame for `.map`, and joining what came back; a chunk that was lost becomes rows that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

Lost = Callable[[pd.DataFrame, BaseException], pd.DataFrame]
"""The rows that stand for a lost chunk, from the chunk that went in and why nothing came out."""


def split_rows(frame: pd.DataFrame, rows: int) -> list[Any]:
    """The frame in pieces of at most `rows` rows, in order, each with an index of its own; none for an empty frame."""
    return [frame.iloc[start : start + rows].reset_index(drop=True) for start in range(0, len(frame), rows)]


def collect(answers: Iterable[Any], chunks: list[pd.DataFrame], empty: pd.DataFrame, lost: Lost) -> Any:
    """One frame of all answers, in the chunks' order; `answers` gives a frame or the exception that took its place."""
    frames = [
        lost(chunk, answer) if isinstance(answer, BaseException) else answer
        for chunk, answer in zip(chunks, answers, strict=True)
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else empty
