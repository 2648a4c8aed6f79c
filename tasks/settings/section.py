"""What all sections of the settings share: where values come from, and what is said about one that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from tasks.errors import Misconfigured

ENV_FILE = ".env"


class Section(BaseSettings):
    """Settings of one matter: each field is a variable, from the environment or `.env`; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="MAILROOM_", env_file=ENV_FILE, extra="ignore", frozen=True)
    title: ClassVar[str] = ""

    @classmethod
    def read(cls, **given: Any) -> Self:
        """The section as it is in force; a value that is given wins over the environment.

        Raises:
            Misconfigured: A value cannot be used; the variable is named, and the value, which may be a secret, is not.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            faults = "; ".join(
                f"`{cls._named(fault['loc'], given)}` {_of(fault['loc'])}{_plain(fault['msg'])}"
                for fault in error.errors(include_input=False, include_url=False, include_context=False)
            )
            raise Misconfigured(f"Settings cannot be used: {faults}.") from None
        except SettingsError as error:
            # It names the field; its cause would show the value.
            raise Misconfigured(f"Settings cannot be used: {error}; write it as JSON.") from None

    @classmethod
    def variable(cls, field: str) -> str:
        """The variable that sets this field."""
        return f"{cls.model_config.get('env_prefix', '')}{field}".upper()

    @classmethod
    def _named(cls, location: tuple[int | str, ...], given: dict[str, Any]) -> str:
        field = str(location[0]) if location else ""
        return field if given.get(field) is not None else cls.variable(field)


class DataDir(Section):
    """What the ledger and the actions both need to know."""

    data_dir: Path = Field(Path(".mailroom"), description="Where the ledger and Prefect's own files live.")


def _of(location: tuple[int | str, ...]) -> str:
    return f"at {'.'.join(str(step) for step in location[1:])}: " if len(location) > 1 else ""


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "should")
