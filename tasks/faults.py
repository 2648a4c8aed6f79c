"""Collects all faults of a configuration, so that they are reported together and not one at each try."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tasks.errors import Misconfigured

T = TypeVar("T")


class SeveralFaults(Misconfigured):
    """More than one thing is missing or wrong. Its only argument is the list of faults, as sentences."""

    advice = "Mend all of them and run again."

    def __str__(self) -> str:
        told = " ".join(f"({number}) {fault}" for number, fault in enumerate(self.args[0], 1))
        return f"{len(self.args[0])} things are wrong: {told}"


class Faults:
    """Collects the faults that checks find."""

    def __init__(self) -> None:
        self.found: list[Misconfigured] = []

    def of(self, check: Callable[[], T]) -> T | None:
        """Run the check and return its result; null if it raises `Misconfigured`, which is collected."""
        try:
            return check()
        except Misconfigured as error:
            self.found.append(error)
            return None

    def tell(self) -> None:
        """Raise the collected faults, if there are any.

        Raises:
            Misconfigured: The only fault unchanged, or all of them as `SeveralFaults`.
        """
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise SeveralFaults([told for error in self.found for told in _sentences(error)])


def _sentences(error: Misconfigured) -> list[str]:
    if isinstance(error, SeveralFaults):
        return list(error.args[0])
    return [" ".join(str(error).split()).rstrip(".") + "."]
