"""The settings of replies: from whom they are, what their texts may name, and how many leave by themselves."""

from __future__ import annotations

from email.utils import parseaddr
from typing import ClassVar

from pydantic import Field

from tasks.links import ascii_host
from tasks.settings.section import Section


class ReplySettings(Section):
    title: ClassVar[str] = "Replies"

    reply_from: str = Field("", description="Address of replies, as `Support <support@example.com>`.")
    own_addresses: tuple[str, ...] = Field(
        (), description="Further addresses that are ours, as JSON; mail from them is never answered by itself."
    )
    allowed_links: tuple[str, ...] = Field(
        (),
        description="Hosts (with all below them), addresses, telephone numbers and accounts that a model's words may "
        'name, as JSON: ["example.com", "+49 30 123456"].',
    )
    replies_per_sender: int = Field(
        1, ge=0, description="Most replies to one sender within 24 hours that no person approved; more wait for one."
    )
    replies_per_thread: int = Field(
        1,
        ge=0,
        description="Most replies in one conversation within 24 hours that no person approved; more wait for one.",
    )
    replies_per_hour: int = Field(
        60,
        ge=0,
        description="Most replies to anybody within an hour that no person approved; when more are wanted, all wait.",
    )

    @property
    def ours(self) -> frozenset[str]:
        """All addresses of ours in the form of `bare_address`."""
        return frozenset(bare_address(parseaddr(one)[1]) for one in (self.reply_from, *self.own_addresses) if one)


def bare_address(address: str) -> str:
    """The address in lower case, its domain in IDNA, without a tag (`ann+shop@a.example` is `ann@a.example`)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{ascii_host(domain) or domain}".lower()
