"""Every destination an effect can reach, as the operator names them; the secrets among them are read where they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from tasks.errors import Misconfigured


class Endpoint(BaseModel):
    """Where a webhook goes, and the Standard Webhooks secret (`whsec_…`, at least 24 bytes) that signs it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://")
    secret: SecretStr
    private: bool = Field(False, description="Whether it may be at a private address, such as this machine.")


class Destinations(BaseSettings):
    """From `MAILROOM_*` and `.env`; never passed to a task, because it holds secrets."""

    model_config = SettingsConfigDict(env_prefix="MAILROOM_", env_file=".env", extra="ignore", frozen=True)

    endpoints: dict[str, Endpoint] = Field({}, description='By name, as JSON: {"crm": {"url": …, "secret": …}}.')
    tables: dict[str, str] = Field(
        {}, description='By name, as JSON: {"log": "out/mails.csv", "lake": "out/mails.parquet", "db": "sqlite:///x.db#mails"}.'
    )  # fmt: skip
    reply_from: str = Field("", description="Address of replies, as `Support <support@example.com>`.")
    drafts: str = Field("", description="Where drafts go for mail of no mailbox: a folder, or `imap://BLOCK`.")
    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65_535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_timeout_s: float = Field(60, gt=0, description="For each answer of the server.")
    webhook_timeout_s: float = Field(20, gt=0)
    authserv_ids: list[str] = Field(
        [],
        description="Names our own mail servers sign Authentication-Results with, as JSON; others are not believed. Only "
        "where all mail that is read comes in through these servers: a file may say anything.",
    )
    data_dir: Path = Path(".mailroom")

    @property
    def drafts_on_disk(self) -> Path:
        """Where drafts lie as files when no mailbox takes them."""
        return Path(self.drafts) if self.drafts else self.data_dir / "drafts"

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of this name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.endpoints:
            raise Misconfigured(_no_entry("endpoint", name, "MAILROOM_ENDPOINTS", self.endpoints))
        return self.endpoints[name]

    def table(self, name: str) -> str:
        """The address of the table of this name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.tables:
            raise Misconfigured(_no_entry("table", name, "MAILROOM_TABLES", self.tables))
        return self.tables[name]


def _no_entry(kind: str, name: str, variable: str, known: dict[str, Endpoint] | dict[str, str]) -> str:
    names = ", ".join(f"`{one}`" for one in known) or "none"
    return f"A rule names the {kind} `{name}`, which {variable} does not have; it has {names}."


def read_destinations() -> Destinations:
    """The destinations of the environment and `.env`.

    Raises:
        Misconfigured: A value cannot be used; its variable is named, and the value, which may be a secret, is not.
    """
    try:
        return Destinations()
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        said = "; ".join(
            f"`MAILROOM_{str(fault['loc'][0]).upper()}` {_where(fault['loc'])}{fault['msg']}" for fault in faults
        )
        raise Misconfigured(f"Settings cannot be used: {said}.") from None
    except SettingsError as error:
        raise Misconfigured(f"Settings cannot be used: {error}; write it as JSON.") from None


def _where(location: tuple[int | str, ...]) -> str:
    return f"at {'.'.join(str(step) for step in location[1:])}: " if len(location) > 1 else ""
