"""A virtual environment with exactly requirements/run.lock, like that of `make demo` in a fresh clone."""

from __future__ import annotations

import re
import tomllib
import venv
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def locked() -> set[str]:
    """The names of the distributions that run.lock holds."""
    text = (ROOT / "requirements" / "run.lock").read_text()
    return {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)}


def extras() -> dict[str, set[str]]:
    """Each extra of pyproject.toml, with what it asks for that run.lock does not hold."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {extra: {canonicalize_name(Requirement(one).name) for one in wanted} for extra, wanted in told.items()}
    return {extra: wanted - locked() for extra, wanted in names.items()}


@cache
def installed() -> dict[str, Distribution]:
    """What is installed here, by name."""
    return {canonicalize_name(one.metadata["Name"]): one for one in distributions()}


@cache
def modules() -> dict[str, str]:
    """Whose each installed module is, by its whole name."""
    found = {}
    for name, one in installed().items():
        for file in one.files or ():
            if file.suffix in (".py", ".so", ".pyd"):
                parts = [*file.parts[:-1], file.name.partition(".")[0]]
                found[".".join(parts).removesuffix(".__init__")] = name
    return found


def with_dependencies(names: Iterable[str]) -> set[str]:
    """The names, and those of all they need, as far as they are installed."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found and name in installed():
            found.add(name)
            wanted = [Requirement(one) for one in installed()[name].requires or ()]
            left += [canonicalize_name(one.name) for one in wanted if not one.marker or one.marker.evaluate()]
    return found


def make_environment(folder: Path, names: set[str]) -> Path:
    """Return the Python of a new environment that holds these distributions, by links to those that are installed."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (site,) = folder.glob("lib/python*/site-packages")
    sharers: dict[str, set[str]] = defaultdict(set)
    for name, one in installed().items():
        for file in one.files or ():
            sharers[file.parts[0]].add(name)
    for name in names & set(installed()):
        for file in installed()[name].files or ():
            # Whole folders where that tells the same, as there are forty thousand files.
            shown = Path(file.parts[0]) if sharers[file.parts[0]] <= names else Path(file)
            if file.parts[0] != ".." and not (site / shown).is_symlink():
                (site / shown).parent.mkdir(parents=True, exist_ok=True)
                (site / shown).symlink_to(installed()[name].locate_file(shown))
    return folder / "bin" / "python"
