"""The settings of the watchers of folders, mailboxes and streams."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tasks.settings.section import Section


class WatchSettings(Section):
    model_config = SettingsConfigDict(env_prefix="MAILROOM_WATCH_")
    title: ClassVar[str] = "Watchers"

    settle_s: float = Field(2.0, ge=0, description="A dropped file is taken when it has not changed for so long.")
    rescan_s: float = Field(
        300.0, gt=0, description="How often a folder is read anew; network file systems tell nothing."
    )
    poll_s: float = Field(
        300.0, gt=0, description="How often a mailbox is asked although its server tells of new mail."
    )
    max_file_bytes: int = Field(500_000_000, ge=1_000, description="A larger file is left; process it by itself.")
    broker_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Where `mailroom consume NAME` looks for NAME: an address that begins with `redis://`, `amqp://`, "
        "`nats://` or `kafka://`; may hold a password.",
    )
