"""The pages as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from deployments.reference.variables import Variable, all_variables
from tasks.errors import ERROR_CODES, MailroomError

_OTHERS = {
    "PREFECT_API_URL": "The Prefect server. Without it the commands start one of their own on this machine.",
    "MAILROOM_SIMULATOR_URL": "Set by `mailroom demo` alone, for the demo's deployment in `prefect.yaml`.",
    "STORAGE_EMULATOR_HOST": "An emulator of Google's storage, as Google's own tools read it.",
}


def settings_page() -> str:
    """All variables, in one table for each section."""
    parts = [
        "# Settings", "",
        "Made by `make reference` from `tasks/settings/` and the providers' sheets; do not edit it by hand.", "",
        "A variable of the environment wins over the file `.env`, that over a secret file, that over the default. What "
        "a form or a command is given wins over all of them. `mailroom settings` prints what is in force, "
        "and from where.",
    ]  # fmt: skip
    for section, variables in groupby(all_variables(), key=lambda variable: variable.section):
        parts += ["", f"## {section}", "", "| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
        parts += [_row(variable) for variable in variables]
    parts += ["", "## Read by others", "", "| variable | meaning |", "| --- | --- |"]
    parts += [f"| `{name}` | {meaning} |" for name, meaning in _OTHERS.items()]
    return "\n".join(parts) + "\n"


def errors_page() -> str:
    """Every error code: what it means, whether it comes right by itself, and what to do."""
    parts = [
        "# Errors", "",
        "Made by `make reference` from `tasks/errors.py`; do not edit it by hand.", "",
        "A mail that fails has one of these codes as its `error_type`. Where the third column has a plain "
        "*no*, the mail is taken up again by `retry-failed` alone, once the cause is mended.", "",
        "| code | what happened | comes right by itself | what to do |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for code in ERROR_CODES:
        parts += [
            f"| `{code}` | {_first_line(kind)} | {_comes_right(kind)} | {_cell(kind.advice)} |"
            for kind in _kinds(MailroomError)
            if kind.code == code and kind.advice
        ]
    return "\n".join(parts) + "\n"


def _row(variable: Variable) -> str:
    names = ", ".join(f"`{name}`" for name in variable.names)
    default = f"`{_cell(variable.default)}`" if variable.default else ""
    return f"| {names} | {_cell(variable.kind)} | {default} | {_cell(variable.meaning)} |"


def _kinds(kind: type[MailroomError]) -> Iterator[type[MailroomError]]:
    for child in kind.__subclasses__():
        if child.__module__ == MailroomError.__module__:
            yield child
            yield from _kinds(child)


def _first_line(kind: type[MailroomError]) -> str:
    return _cell((kind.__doc__ or "").partition("\n")[0])


def _comes_right(kind: type[MailroomError]) -> str:
    if kind.by_itself:
        return "yes"
    return "no; the next run tries again" if kind.curable else "no"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def decisions_page(folder: Path) -> str:
    """The index of the decisions: number and title, by file."""
    parts = [
        "# Decisions", "",
        "Made by `make reference` from the files beside it; do not edit it by hand. A decision is never edited, only "
        "superseded; its heading is `# NUMBER. Title`.", "",
    ]  # fmt: skip
    for path in sorted(folder.glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        parts.append(f"- [{title}]({path.name})")
    return "\n".join(parts) + "\n"
