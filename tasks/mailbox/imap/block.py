"""The Prefect block that holds how a mailbox is reached."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from prefect.blocks.core import Block
from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from tasks.mailbox.imap.identity import Identity

# No line ends: they would start another command.
Line = Annotated[str, StringConstraints(pattern=r"^[^\r\n\x00]*$", max_length=1_000)]
IMAPS_PORT, IMAP_PORT = 993, 143
_ADDRESS = r"^$|^[^\s<>@,;\"]+@[^\s<>@,;\"]+$"


class Mailbox(Block):
    """A mailbox on an IMAP server, to be read and acted on."""

    _block_type_name = "Mailbox"
    _block_type_slug = "mailbox"
    _description = "A mailbox on an IMAP server: what `imap://NAME` reads, drafts are put into and labels are set in."

    host: Line = Field(min_length=1, description="The IMAP server, such as `imap.example.com`.")
    port: int | None = Field(None, ge=1, le=65_535, description="Null is 993 with TLS, 143 without.")
    encryption: Literal["tls", "starttls", "none"] = Field(
        "tls", description="`none` sends the password in clear: only for a server on this machine or a private network."
    )
    user: Line = Field(min_length=1, description="The name to log in with, often the address.")
    password: SecretStr | None = Field(None, description="The password, often one made for this application alone.")
    oauth2_token: SecretStr | None = Field(
        None, description="An OAuth 2.0 access token, in place of a password; it holds for an hour or so."
    )
    oauth2_refresh_token: SecretStr | None = Field(
        None, description="An OAuth 2.0 refresh token, in place of both: access tokens are fetched with it as needed."
    )
    oauth2_token_url: str = Field(
        "",
        pattern=r"^$|^https://|^http://(127\.0\.0\.1|localhost)[:/]",
        description="Where they are fetched, such as `https://oauth2.googleapis.com/token`.",
    )
    oauth2_client_id: str = Field("", description="Of the application that the refresh token was given to.")
    oauth2_client_secret: SecretStr | None = Field(None, description="Of that application, where it has one.")
    folder: Line = Field("INBOX", min_length=1, description="The folder that is read unless the address names another.")
    search: Line = Field(
        "ALL",
        min_length=1,
        description="Which mails are read, as IMAP puts it (RFC 9051, 6.4.4): `UNSEEN`, `FROM example.com`. A mail "
        "that matches only later is not read later, as reading goes on above the highest UID that was read.",
    )
    since: date | None = Field(None, description="Mails that arrived before this day are not read.")
    read_deleted: bool = Field(False, description="Whether mails marked as deleted (`\\Deleted`) are read.")
    read_drafts: bool = Field(False, description="Whether drafts (`\\Draft`) are read.")
    answer_answered: bool = Field(
        False, description="Whether a mail that bears `\\Answered` by the time of the reply gets one of ours, too."
    )
    drafts_folder: Line = Field(
        "", description="Where drafts of replies are put; empty is the folder that the server marks so, or `Drafts`."
    )
    sent_folder: Line = Field(
        "", description="Where sent mail lies; empty is the folder that the server marks so, or `Sent`."
    )
    from_address: Line = Field("", pattern=_ADDRESS, description="From of replies; empty takes MAILROOM_REPLY_FROM.")
    display_name: Line = Field("", description="The name beside that address.")
    aliases: list[Annotated[Line, Field(pattern=_ADDRESS)]] = Field(
        [], description="Further addresses of this mailbox; a mail to one of them is answered from it."
    )
    signature: str = Field("", max_length=2_000, description="Stands below replies, as plain text.")
    signature_html: str = Field(
        "", max_length=20_000, description="The same in HTML; replies then have an HTML part beside the plain one."
    )
    language: str = Field(
        "",
        pattern=r"^$|^[a-z]{2,3}$",
        description="Code of the language that its mails are summarised in, such as `de`.",
    )
    smtp_host: Line = Field("", description="Server that its replies leave by; empty takes MAILROOM_SMTP_HOST.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Port of that server.")
    smtp_encryption: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="`none` sends the password in clear, as above."
    )
    smtp_user: Line = Field("", description="User at that server; empty is the user above, with its password or token.")
    smtp_password: SecretStr | None = Field(None, description="Password of that user.")
    timeout_s: float = Field(
        60, gt=0, le=600, description="How long the server may be silent before it counts as gone."
    )

    @field_validator(
        "smtp_password", "password", "oauth2_token", "oauth2_refresh_token", "oauth2_client_secret", mode="before"
    )
    @classmethod
    def _none_where_empty(cls, value: object) -> object:
        # A form sends an empty string for a field that was not filled in.
        return None if value in ("", SecretStr("")) else value

    @model_validator(mode="after")
    def _has_one_way_to_log_in(self) -> Mailbox:
        if [self.password, self.oauth2_token, self.oauth2_refresh_token].count(None) != 2:
            raise ValueError("give either `password`, `oauth2_token` or `oauth2_refresh_token`")
        if self.oauth2_refresh_token and not (self.oauth2_token_url and self.oauth2_client_id):
            raise ValueError("`oauth2_refresh_token` needs `oauth2_token_url` and `oauth2_client_id`")
        return self

    @property
    def identity(self) -> Identity:
        """As whom it writes."""
        return Identity(
            address=self.from_address, name=self.display_name, aliases=tuple(self.aliases),
            signature=self.signature, signature_html=self.signature_html, smtp=self._smtp(),
        )  # fmt: skip

    def _smtp(self) -> dict[str, str | int | SecretStr]:
        if not self.smtp_host:
            return {}
        secret = self.smtp_password if self.smtp_user else self.smtp_password or self.password
        user = self.smtp_user or (self.user if secret or self.sends_by_token else "")
        return {
            "smtp_host": self.smtp_host, "smtp_port": self.smtp_port, "smtp_tls": self.smtp_encryption,
            "smtp_user": user, "smtp_password": secret or SecretStr(""),
        }  # fmt: skip

    @property
    def sends_by_token(self) -> bool:
        """Whether its replies leave with the access token that the mailbox is read with; never in clear."""
        has_own = self.smtp_user or self.smtp_password or self.password
        return bool(self.smtp_host) and not has_own and self.smtp_encryption != "none"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.host, self.port or (IMAPS_PORT if self.encryption == "tls" else IMAP_PORT)
