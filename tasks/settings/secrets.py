"""Where secrets and prices are read from, besides the environment, by the process that needs them."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks.settings.section import ENV_FILE, Section


class SecretSettings(Section):
    title: ClassVar[str] = "Secrets"

    secrets_dir: Path = Field(
        Path("/run/secrets"), description="Folder of secret files, each named as its variable in lower case."
    )
    aws_secret: str | None = Field(
        None, description="Name of an AWS secret: a JSON object that has provider keys by their variables."
    )


class PriceSettings(Section):
    title: ClassVar[str] = "Prices"

    prices: str = Field(
        "", description='US dollars a million tokens in and out, as JSON: {"openai:my-model": [1.0, 3.0]}.'
    )


def secret_files() -> Path | None:
    """The folder of secret files, null where there is none."""
    folder = SecretSettings.read().secrets_dir
    return folder if folder.is_dir() else None


def prices_text() -> str:
    """The operator's own prices, as JSON; every call asks for them, so they are read anew only after a change."""
    try:
        written = os.stat(ENV_FILE).st_mtime_ns  # a tenth of the time of `Path.stat`
    except OSError:
        written = None
    return _prices(os.environ.get(PriceSettings.variable("prices")), written)


@lru_cache(maxsize=4)
def _prices(_in_environment: str | None, _file_written: int | None) -> str:
    return PriceSettings.read().prices
