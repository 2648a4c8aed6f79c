"""The settings of the receiver, and the rule that it never accepts mail from the network without a secret."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from tasks.errors import Misconfigured
from tasks.settings.secrets import secret_files
from tasks.settings.section import Section

_SECRET_BYTES = range(24, 65)  # Standard Webhooks asks for 24 to 64 random bytes


class ReceiverAddress(Section):
    """Where people reach the receiver; runs read it, too, and need none of its other settings."""

    model_config = SettingsConfigDict(env_prefix="MAILROOM_RECEIVER_")
    title: ClassVar[str] = "Receiver's address"

    url: str = Field(
        "",
        pattern=r"^$|^https?://[^\s<>()|\[\]`]+$",
        description="Address under which people reach it, such as `https://mail.example.com`; reports then link each "
        "mail to its page there.",
    )

    def page_of(self, key: str) -> str:
        """The address of a mail's own page; empty where no address is set."""
        return f"{self.url.rstrip('/')}/mails/{key}" if self.url else ""


class ReceiverSettings(ReceiverAddress):
    """From `MAILROOM_RECEIVER_*`, `.env` and secret files, such as one named `mailroom_receiver_webhook_secret`."""

    title: ClassVar[str] = "Receiver"

    host: str = Field("127.0.0.1", description="Address to listen on; others than loopback require the secrets below.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 chooses a free one.")
    webhook_secret: SecretStr | None = Field(
        None, description="`whsec_…` of Standard Webhooks; two with a blank between them while one is being replaced."
    )
    mailgun_signing_key: SecretStr | None = Field(None, description="Mailgun's HTTP webhook signing key.")
    basic_auth: SecretStr | None = Field(
        None, description="`user:password` that SendGrid or Postmark sends, as set in the webhook's URL there."
    )
    upload_token: SecretStr | None = Field(
        None, description="Bearer token of `/upload` and `/runs`, and of `/mails`, which shows none without it."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks of proxies whose `X-Forwarded-For` is trusted."
    )
    max_body_bytes: int = Field(50_000_000, ge=1_000, description="Largest post to `/webhooks/mail`.")
    max_upload_bytes: int = Field(200_000_000, ge=1_000, description="Largest post to `/upload`.")
    max_in_flight_bytes: int = Field(400_000_000, ge=1_000, description="Most bytes of all bodies in memory together.")
    rate_per_s: float = Field(1_000, gt=0, description="Posts per second from one address, on average.")
    rate_burst: int = Field(2_000, ge=1, description="Posts that one address may send at once.")
    min_free_bytes: int = Field(500_000_000, ge=0, description="If less disk space is free, `/ready` reports it.")
    replay_days: float = Field(7, ge=1, description="How long a delivery's id is remembered.")

    @field_validator("webhook_secret", "mailgun_signing_key", "basic_auth", "upload_token", mode="before")
    @classmethod
    def _none_where_blank(cls, value: object) -> object:
        # An empty secret file or variable is no secret; it must not become one that anybody knows.
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(proxy.strip(), strict=False)) for proxy in value)

    @property
    def webhook_keys(self) -> tuple[bytes, ...]:
        """The HMAC keys, decoded; empty when no secret is set.

        Raises:
            Misconfigured: A secret is not base64 of 24 to 64 bytes.
        """
        secrets = self.webhook_secret.get_secret_value().split() if self.webhook_secret else []
        return tuple(_decode_key(secret) for secret in secrets)

    @property
    def webhooks_guarded(self) -> bool:
        """Whether any secret protects `/webhooks/mail`."""
        return any((self.webhook_secret, self.mailgun_signing_key, self.basic_auth))

    @property
    def uploads_guarded(self) -> bool:
        """Whether a token protects `/upload` and `/runs`."""
        return self.upload_token is not None


def read_receiver_settings() -> ReceiverSettings:
    """The settings from the environment, `.env` and, where mounted, the secret files."""
    return ReceiverSettings.read(_secrets_dir=secret_files())


def refuse_open_doors(settings: ReceiverSettings) -> None:
    """Check that it is safe to listen.

    Raises:
        Misconfigured: The address is not loopback and a secret is missing, or a secret is unusable.
    """
    settings.webhook_keys  # noqa: B018 - decoding is the check
    if _is_loopback(settings.host):
        return
    missing = []
    if not settings.webhooks_guarded:
        missing.append("MAILROOM_RECEIVER_WEBHOOK_SECRET (or _MAILGUN_SIGNING_KEY or _BASIC_AUTH)")
    if not settings.uploads_guarded:
        missing.append("MAILROOM_RECEIVER_UPLOAD_TOKEN")
    if missing:
        raise Misconfigured(
            f"The receiver would stand open on `{settings.host}`: {' and '.join(missing)} not set. "
            "Set it, or listen on 127.0.0.1."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _decode_key(secret: str) -> bytes:
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in _SECRET_BYTES:
        raise Misconfigured(
            "MAILROOM_RECEIVER_WEBHOOK_SECRET must be `whsec_` and base64 of 24 to 64 bytes. "
            "Make one: echo whsec_$(openssl rand -base64 32)"
        )
    return key
