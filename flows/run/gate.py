"""Figures that an evaluation must reach, as a person writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tasks.errors import Misconfigured
from tasks.score.measures import MEASURES, Figure


@dataclass(frozen=True)
class Gate:
    """The least value of each figure that is asked for."""

    least: Mapping[str, float]

    def short_of(self, figures: Mapping[str, Figure]) -> list[str]:
        """The figures that fall short; one that no mail has a label for does, too."""
        return [name for name, least in self.least.items() if not figures[name].value >= least]

    def sentence(self, short: list[str]) -> str:
        """What was asked for, and whether it was reached; empty where nothing was."""
        if not self.least:
            return ""
        asked = ", ".join(f"{name} {least:g}" for name, least in self.least.items())
        return f"At least {asked}: {'fell short in ' + ', '.join(short) if short else 'reached'}."


def read_gate(text: str) -> Gate:
    """The gate that `accuracy=0.8, macro_f1=0.7` stands for.

    Raises:
        Misconfigured: A part is not `FIGURE=NUMBER`, or there is no such figure.
    """
    least: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition("=")
        try:
            least[name.strip()] = float(number)
        except ValueError:
            raise Misconfigured(f"`{part}` is no threshold; write FIGURE=NUMBER, as accuracy=0.8.") from None
    if unknown := sorted(least.keys() - MEASURES.keys()):
        raise Misconfigured(f"There is no figure {', '.join(unknown)}; there are {', '.join(MEASURES)}.")
    return Gate(least)
