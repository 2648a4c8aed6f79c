"""All destinations that effects can reach, by the operator's names. Their secrets are read where they are used."""

from __future__ import annotations

from pathlib import Path

from tasks.act.mailboxes import identify_mailbox
from tasks.errors import Misconfigured, SourceError
from tasks.settings.destinations import DestinationSettings, Endpoint


class Destinations(DestinationSettings):
    """The configured destinations. They must never be passed to a task, because they hold secrets."""

    @property
    def drafts_on_disk(self) -> Path:
        """The folder for drafts as files, used where no mailbox takes them."""
        return Path(self.drafts) if self.drafts else self.data_dir / "drafts"

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint with this name.

        Raises:
            Misconfigured: There is none.
        """
        if name not in self.endpoints:
            raise Misconfigured(_no_entry("endpoint", name, "MAILROOM_ENDPOINTS", self.endpoints))
        return self.endpoints[name]

    def table(self, name: str) -> str:
        """The address of the table with this name.

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
    """Read the destinations from the environment and `.env`.

    Raises:
        Misconfigured: A value cannot be used. The message names the variable, not the value, which may be secret.
    """
    return Destinations.read()
