"""The settings of logs and traces."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tasks.settings.section import Section


class LogSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_LOG_")
    title: ClassVar[str] = "Logs"

    format: Literal["lines", "json"] = Field("lines", description="Lines for people, or JSON for a log store.")
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged.")
    subjects: bool = Field(
        True, description="Whether lines name a mail by its subject or file and the sender's domain, beside its key."
    )


class TraceSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_OTEL_")
    title: ClassVar[str] = "Traces"

    endpoint: str | None = Field(None, description="OTLP over HTTP, such as `http://collector:4318/v1/traces`.")
    service: str = Field("mailroom", description="Name of this program in traces.")
