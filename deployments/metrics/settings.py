"""What an operator may turn of the metrics."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MetricsSettings(BaseSettings):
    """All that an operator may turn, from `MAILROOM_METRICS_*` and `.env`."""

    model_config = SettingsConfigDict(env_prefix="MAILROOM_METRICS_", env_file=".env", extra="ignore", frozen=True)

    host: str = Field(
        "127.0.0.1", description="Address to listen on; the metrics hold counts and names of models, no mail."
    )
    port: int = Field(8001, ge=0, le=65_535)
    fresh_s: float = Field(10, ge=0, description="How long what was read is shown to further scrapes.")
