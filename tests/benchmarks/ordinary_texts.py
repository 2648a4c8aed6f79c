"""Ordinary texts that the filter for links must leave as they are."""

from __future__ import annotations

from pathlib import Path


def ordinary_texts() -> list[str]:
    """The texts of `ordinary_texts.txt`, over 300 in six languages."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("# ")]
