"""The settings of replies: their sender, the links they may contain, and how many are sent without approval."""

from __future__ import annotations

from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks.links import ascii_host
from tasks.settings.section import Section


class ReplySettings(Section):
    title: ClassVar[str] = "Replies"

    reply_from: str = Field("", description="Address of replies, as `Support <support@example.com>`.")
    own_addresses: tuple[str, ...] = Field(
        (), description="Further addresses of ours, as JSON; mail from them is never answered automatically."
    )
    allowed_links: tuple[str, ...] = Field(
        (),
        description="Hosts (with all below them), addresses, telephone numbers and accounts that a model's words may "
        'name, as JSON: ["example.com", "+49 30 123456"].',
    )
    knowledge_dir: Path | None = Field(
        None,
        description="Folder of your own texts (.md, .txt, .rst: usual questions, prices, policies); the passages that "
        "fit a mail are shown to the model that suggests replies to it.",
    )
    knowledge_tokens: int = Field(600, ge=100, le=8_000, description="Most tokens of passages that are shown.")
    own_style: bool = Field(
        True,
        description="Whether replies are to follow how we write (greeting, closing, address, length), as it was "
        "measured in sent mail and in what people changed in forms.",
    )
    replies_per_sender: int = Field(
        1,
        ge=0,
        description="Most replies to one sender in 24 hours without approval; further ones wait for a person.",
    )
    replies_per_thread: int = Field(
        1,
        ge=0,
        description="Most replies in one conversation in 24 hours without approval; further ones wait for a person.",
    )
    replies_per_hour: int = Field(
        60,
        ge=0,
        description="Most replies in total in an hour without approval; if more are wanted, all of them wait.",
    )

    @property
    def ours(self) -> frozenset[str]:
        """All addresses of ours in the form of `bare_address`."""
        return _bare_addresses(self.reply_from, *self.own_addresses)


@lru_cache(maxsize=64)  # asked of every mail
def _bare_addresses(*written: str) -> frozenset[str]:
    return frozenset(bare_address(parseaddr(one)[1]) for one in written if one)


def bare_address(address: str) -> str:
    """The address in lower case, its domain in IDNA, without a tag (`ann+shop@a.example` is `ann@a.example`)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{ascii_host(domain) or domain}".lower()
