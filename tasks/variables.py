"""What an operator keeps in Prefect Variables, which the UI edits: JSON, or text that holds JSON.

A Variable holds less than 5,000 characters, so what is longer goes on in `NAME-2`, `NAME-3`, …: each is whole JSON of
its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from prefect.variables import Variable

from tasks.errors import Misconfigured

_MOST_PARTS = 20


def read_variables(name: str, title: str) -> Iterator[tuple[str, Any]]:
    """Where each part stands, in words that begin with `title`, and its value; nothing where there is none.

    Raises:
        Misconfigured: A part is text that is no JSON.
    """
    for number in range(1, _MOST_PARTS + 1):
        part = name if number == 1 else f"{name}-{number}"
        value: Any = Variable.get(part)
        if value is None:
            return
        where = f"{title} in Prefect Variable `{part}`"
        yield where, read_json(value, where) if isinstance(value, str) else value


def read_json(text: str, where: str) -> object:
    """What the text says.

    Raises:
        Misconfigured: It is no JSON; `where` names it, as several things.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise Misconfigured(f"{where} are no JSON: {error}.") from error
