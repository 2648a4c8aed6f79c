"""One provider's configuration: keys, address and limits, from the environment, `.env` and secret files."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from tasks.providers.catalogue.secret_stores import aws_secret
from tasks.settings.secrets import secret_files
from tasks.settings.section import ENV_FILE

_NOT_OF_ANSWERS = {"api_key", "api_keys", "model", "timeout", "concurrency", "media", "rpm", "tpm"}
"""A new setting counts as one that answers depend on until it is named here; the model is named by each call."""


class ProviderAccount(BaseSettings):
    """One provider's settings; every field is the variable `<PREFIX><FIELD>`, the first prefix winning."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)
    prefixes: ClassVar[tuple[str, ...]]

    api_key: SecretStr | None = Field(None, description="The key.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Several keys, used in turn: separated by commas, or a JSON list."
    )
    base_url: str | None = Field(None, description="Address of the API; null is the provider's own.")
    model: str | None = Field(None, description="One model for every question; null is chosen by class and price.")
    max_tokens: int = Field(1_000, ge=1, description="Most tokens of an answer.")
    temperature: float | None = Field(
        0.7, ge=0, le=2, description="Left out for models that refuse it; `none` never sends it."
    )
    timeout: float = Field(60.0, gt=0, description="Seconds for one request, from connecting to the last byte.")
    concurrency: int | None = Field(
        None, ge=1, le=1_000, description="Calls in flight to this provider; null is MAILROOM_CONCURRENCY."
    )
    media: bool = Field(
        True, description="`false` sends no pictures, sounds, films or PDFs to this provider; the outcome names them."
    )
    rpm: int = Field(10_000, ge=1, description="Requests a minute, over all processes of a ledger.")
    tpm: int = Field(300_000, ge=1, description="Tokens a minute, over all processes of a ledger.")

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return tuple(json.loads(value))
            except ValueError:
                raise ValueError("must be keys separated by commas, or a JSON list of strings") from None
        return tuple(part for part in (piece.strip() for piece in value.replace("\n", ",").split(",")) if part)

    @field_validator("api_key", "api_keys", mode="after")
    @classmethod
    def _stripped(cls, value: tuple[SecretStr, ...] | SecretStr | None) -> tuple[SecretStr, ...] | SecretStr | None:
        return tuple(map(_clean, value)) if isinstance(value, tuple) else value and _clean(value)

    @field_validator("base_url", mode="after")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.strip().startswith(("http://", "https://")):
            raise ValueError("must be a web address that begins with http:// or https://")
        return value and value.strip().rstrip("/")

    @model_validator(mode="before")
    @classmethod
    def _no_temperature(cls, values: object) -> object:
        if isinstance(values, dict) and str(values.get("temperature", "")).strip().lower() == "none":
            return {**values, "temperature": None}
        return values

    @property
    def keys(self) -> tuple[SecretStr, ...]:
        """All keys without duplicates; the single key comes first."""
        found = ((self.api_key,) if self.api_key else ()) + self.api_keys
        return tuple({key.get_secret_value(): key for key in found}.values())

    @cached_property
    def answer_settings(self) -> str:
        """All settings that an answer may depend on, as JSON. Keys, time limits and rates are not among them."""
        return self.model_dump_json(exclude=_NOT_OF_ANSWERS)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return init values, environment, `.env` and secret files, each with all prefixes; the first wins."""
        files = secret_files()
        return (
            init_settings,
            *(EnvSettingsSource(cls, env_prefix=p) for p in cls.prefixes),
            *(DotEnvSettingsSource(cls, env_file=ENV_FILE, env_prefix=p) for p in cls.prefixes),
            *(SecretsSettingsSource(cls, secrets_dir=files, env_prefix=p) for p in cls.prefixes if files),
            *(AwsSource(cls, p) for p in cls.prefixes),
        )


class AwsSource(PydanticBaseSettingsSource):
    """Values of one AWS secret, a JSON object named by `MAILROOM_AWS_SECRET`, keyed as the variables are."""

    def __init__(self, settings_cls: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings_cls)
        self._prefix = prefix

    def get_field_value(self, field: object, field_name: str) -> tuple[Any, str, bool]:
        return aws_secret().get(f"{self._prefix}{field_name}".upper()), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value not in (None, "")}


def _clean(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be one line of plain characters without blanks; copy the key again")
    return SecretStr(text)
