"""All that is wrong with a set-up, told at once: nobody mends one fault a try."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tasks.errors import Misconfigured

T = TypeVar("T")


class SeveralFaults(Misconfigured):
    """More than one thing is missing or wrong. Its one argument are the faults, as sentences."""

    advice = "Mend all of them and run again."

    def __str__(self) -> str:
        told = " ".join(f"({number}) {fault}" for number, fault in enumerate(self.args[0], 1))
        return f"{len(self.args[0])} things are wrong: {told}"


class Faults:
    """Gathers what checks find wrong."""

    def __init__(self) -> None:
        self.found: list[Misconfigured] = []

    def of(self, check: Callable[[], T]) -> T | None:
        """What the check returns; null where it raises `Misconfigured`, which is kept."""
        try:
            return check()
        except Misconfigured as error:
            self.found.append(error)
            return None

    def tell(self) -> None:
        """Raise what was found.

        Raises:
            Misconfigured: The one fault as it is, or all of them as `SeveralFaults`.
        """
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise SeveralFaults([told for error in self.found for told in _sentences(error)])


def _sentences(error: Misconfigured) -> list[str]:
    if isinstance(error, SeveralFaults):
        return list(error.args[0])
    return [" ".join(str(error).split()).rstrip(".") + "."]
