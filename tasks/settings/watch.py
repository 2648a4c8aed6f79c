"""The settings of the watchers of folders, mailboxes and streams."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tasks.settings.section import Section


class WatchSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_WATCH_")
    title: ClassVar[str] = "Watchers"

    settle_s: float = Field(2.0, ge=0, description="A dropped file is taken when it has not changed for this time.")
    rescan_s: float = Field(
        300.0, gt=0, description="How often a folder is listed; network file systems do not report changes."
    )
    poll_s: float = Field(
        300.0, gt=0, description="How often a mailbox is polled, even if its server reports new mail."
    )
    max_file_bytes: int = Field(500_000_000, ge=1_000, description="Larger files are not taken; use `mailroom run`.")
    broker_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Where `mailroom consume NAME` looks for NAME: an address that begins with `redis://`, `amqp://`, "
        "`nats://` or `kafka://`; it may contain a password.",
    )
