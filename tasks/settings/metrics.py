"""The settings of the Prometheus metrics."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tasks.settings.section import Section


class MetricsSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_METRICS_")
    title: ClassVar[str] = "Metrics"

    host: str = Field(
        "127.0.0.1", description="Address to listen on. The metrics contain counts and names of models, no mail."
    )
    port: int = Field(8001, ge=0, le=65_535, description="Port to listen on; 0 chooses a free one.")
    fresh_s: float = Field(10, ge=0, description="How long further scrapes get the same values.")
