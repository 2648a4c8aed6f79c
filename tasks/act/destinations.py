"""Every destination an effect can reach, as the operator names them. Their secrets are read where they are used."""

from __future__ import annotations

from pathlib import Path

from tasks.act.mailboxes import identify_mailbox
from tasks.errors import Misconfigured, SourceError
from tasks.settings.destinations import DestinationSettings, Endpoint


class Destinations(DestinationSettings):
    """The destinations in force; never passed to a task, because it holds secrets."""

    @property
    def drafts_on_disk(self) -> Path:
        """Where drafts lie as files when no mailbox takes them."""
        return Path(self.drafts) if self.drafts else self.data_dir / "drafts"

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of this name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.endpoints:
            raise Misconfigured(_no_entry("endpoint", name, "MAILROOM_ENDPOINTS", self.endpoints))
        return self.endpoints[name]

    def table(self, name: str) -> str:
        """The address of the table of this name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.tables:
            raise Misconfigured(_no_entry("table", name, "MAILROOM_TABLES", self.tables))
        return self.tables[name]


def destinations_for(source: str) -> Destinations:
    """The destinations of a run over this source: a mailbox may have a mail server and an address of its own.

    Raises:
        Misconfigured: As `read_destinations`.
    """
    known = read_destinations()
    if not source.startswith("imap:"):
        return known
    try:
        identity = identify_mailbox(source)
    except SourceError:
        return known  # told where the source is opened
    own = {**identity.smtp, **({"reply_from": identity.address} if identity.address else {})}
    return known.model_copy(update=own)


def _no_entry(kind: str, name: str, variable: str, known: dict[str, Endpoint] | dict[str, str]) -> str:
    names = ", ".join(f"`{one}`" for one in known) or "none"
    return f"A rule names the {kind} `{name}`, which {variable} does not have; it has {names}."


def read_destinations() -> Destinations:
    """The destinations of the environment and `.env`.

    Raises:
        Misconfigured: A value cannot be used; its variable is named, and the value, which may be a secret, is not.
    """
    return Destinations.read()
