"""The settings of actions: the endpoints, tables and mail servers that an action may reach."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from tasks.settings.replies import ReplySettings
from tasks.settings.section import DataDir

BLANKS = ("name", "subject", "suggestion")
"""What stands in braces in a template."""


class Endpoint(BaseModel):
    """Where a webhook goes, and the Standard Webhooks secret (`whsec_…`, at least 24 bytes) that signs it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(pattern=r"^https?://")
    secret: SecretStr
    private: bool = Field(False, description="Whether it may be at a private address, such as this machine's.")


class DestinationSettings(DataDir, ReplySettings):
    title: ClassVar[str] = "Destinations of actions"

    endpoints: dict[str, Endpoint] = Field({}, description='By name, as JSON: {"crm": {"url": …, "secret": …}}.')
    tables: dict[str, str] = Field(
        {}, description='By name, as JSON: {"log": "out/mails.csv", "lake": "out/mails.parquet", '
        '"db": "sqlite:///x.db#mails"}.'
    )  # fmt: skip
    templates: dict[str, dict[str, str]] = Field(
        {}, description="Texts of replies that rules may name, by name and language, as JSON; `any` is for all other "
        'languages: {"hours": {"de": "Guten Tag {name}, …", "any": "…"}}. A text may hold `{name}` (the sender\'s), '
        "`{subject}` and `{suggestion}` (a model's).",
    )  # fmt: skip
    drafts: str = Field("", description="Where drafts for mail from files are put: a folder, or `imap://BLOCK`.")
    smtp_host: str = Field("", description="Mail server that sends replies; if empty, none are sent.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Port of that server.")
    smtp_user: str = Field("", description="User at that server; if empty, there is no login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password of that user.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is secured.")
    smtp_timeout_s: float = Field(60, gt=0, description="Longest wait for each answer of the server, in seconds.")
    webhook_timeout_s: float = Field(20, gt=0, description="Longest time for one post to an endpoint, in seconds.")
    authserv_ids: list[str] = Field(
        [],
        description="Names our own mail servers sign Authentication-Results with, as JSON; others are not believed. "
        "Only where all mail that is read comes in through these servers: a file may say anything.",
    )

    @field_validator("templates")
    @classmethod
    def _with_known_blanks(cls, templates: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        for name, texts in templates.items():
            for language, text in texts.items():
                unknown = set(re.findall(r"\{(\w*)\}", text)) - set(BLANKS)
                if unknown or not text.strip():
                    what = f"has no blank `{{{min(unknown)}}}`" if unknown else "may not be empty"
                    raise ValueError(f"`{name}`, `{language}`: a text {what}; there are {', '.join(BLANKS)}")
        return templates
