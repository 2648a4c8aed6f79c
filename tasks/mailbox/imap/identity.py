"""As whom a mailbox writes: its addresses, its name, its signature, and the server that its mail leaves by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formataddr

from pydantic import SecretStr

from tasks.settings.replies import bare_address


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a mailbox's block says of it; what is empty is taken from the settings."""

    address: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    signature: str = ""
    signature_html: str = ""
    smtp: Mapping[str, str | int | SecretStr] = field(default_factory=dict)
    """Of the settings of its mail server, by their names (`smtp_host`, …), those that the block gives."""
    token: Callable[[bool], str] | None = None
    """Gives the OAuth 2.0 access token to log in to that server with, a new one where asked; null with a password."""

    @property
    def own(self) -> frozenset[str]:
        """All its addresses, in the form of `bare_address`."""
        return frozenset(bare_address(one) for one in (self.address, *self.aliases) if one)

    def sender(self, written_to: Iterable[str]) -> str:
        """From of a reply to a mail that went to these addresses: the first of ours among them, else the address."""
        ours = {bare_address(one): one for one in (*self.aliases, self.address) if one}
        chosen = next((ours[bare_address(one)] for one in written_to if bare_address(one) in ours), self.address)
        return formataddr((self.name, chosen), charset="utf-8") if self.name.isascii() else f"{self.name} <{chosen}>"


NOBODY = Identity()
