"""The settings of the inbox: how long mails are collected before a run starts for them."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from tasks.settings.section import Section


class GatherSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_INBOX_")
    title: ClassVar[str] = "Inbox"

    gather_s: float = Field(0.2, ge=0, le=5, description="How long the first mail after a pause waits for others.")
    gather_mails: int = Field(500, ge=1, description="So many gathered mails are announced without more waiting.")
    event_gap_s: float = Field(15.0, ge=0, description="Least time between two announcements under steady traffic.")
    repeat_s: float = Field(
        30.0, gt=0, description="Mail still in the inbox is announced again after this, then rarer."
    )
    rest_most_s: float = Field(
        1_800.0,
        gt=0,
        description="Longest wait after a failed run for the next one; it is a minute at first, then grows fourfold.",
    )
