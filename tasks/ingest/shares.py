"""A source that several runs share: one run records its mails, then the others claim shares of them in the ledger."""

from __future__ import annotations

from itertools import islice

from sqlalchemy import Engine

from tasks.frames import Messages, Skipped
from tasks.ingest.conversations import record_conversations, with_facts
from tasks.ingest.rows import as_of_source, parse
from tasks.ingest.windows import Window, seen
from tasks.ledger.claims import claim_share
from tasks.ledger.likely_copies import likely_copies
from tasks.ledger.messages import load_raw, record_seen
from tasks.mailbox.kinds import Source
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings

_AT_A_TIME = 500


def record_source(source: Source, engine: Engine, settings: Settings) -> int:
    """Record all mails of the source and return their number. New ones are PENDING."""
    mails, met = source.read(), 0
    settings = as_of_source(source, settings)
    settled = getattr(source, "settled", None)
    while some := list(islice(mails, _AT_A_TIME)):
        parsed = [parse(raw, settings) for raw in some if not raw.foreign]
        record_seen(engine, [seen(one) for one in parsed])
        record_conversations(engine, parsed, settings)
        if settled is not None:
            settled([raw.place for raw in some])
        met += len(some)
    return met


class ShareReader:
    """Claims windows of mails from a recorded source until none is left.

    Windows are small, so that runs that began at the same time end at about the same time.
    """

    def __init__(self, source: str, engine: Engine, *, until: float, owner: str, settings: Settings) -> None:
        """`until` is the ledger's time (UTC seconds) at which recording ended."""
        self._source = source
        self._engine = engine
        self._until = until
        self._owner = owner
        self._settings = settings

    def next_window(self) -> Window:
        """Claim the next share. The last one has no mails."""
        settings = self._settings
        most = settings.window_rows
        claims = claim_share(
            self._engine, self._source, until=self._until, owner=self._owner, lease_s=settings.lease_s, most=most
        )
        kept = {one["message_key"]: one for one in load_raw(self._engine, claims)}
        copies = likely_copies(self._engine, claims)
        rows = {
            # The mail keeps the key that was claimed, even if this version of the parser computes another one.
            key: self._row(kept[key])
            | {"message_key": key, "fence": claims[key].fence, "likely_duplicate_of": copies.get(key, "")}
            for key in claims
        }
        told = with_facts(rows, self._engine, settings)
        return Window(messages=Messages.of(told), skipped=Skipped.of([]), last=not claims)

    def close(self) -> None:
        """Do nothing, because nothing was opened."""

    def _row(self, kept: dict[str, object]) -> dict[str, object]:
        raw = RawMail(
            raw=kept["raw"],  # type: ignore[arg-type]  # the ledger's bytes
            source_id=str(kept["source_id"]),
            origin=Origin(source=self._source),
            target_language=kept["target_language"],  # type: ignore[arg-type]  # text or null
            problem="" if kept["raw"] else "it could not be read",
        )
        return parse(raw, self._settings).row
