"""What the ledger tells a source before it is opened: what was read of it already, and what was left undone."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from tasks.ledger.sightings import highest_uid, left_over
from tasks.mailbox.kinds import Opening, from_the_start
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings


def opening_for(engine: Engine, settings: Settings) -> Opening:
    """Return what `open_source` is to be given, so that a mailbox is read on from where the last run ended.

    With `again` set it is read from its start.
    """

    def since_uid(source: str, mailbox: str, uidvalidity: int) -> int:
        return highest_uid(engine, source, mailbox, uidvalidity)

    def undone(source: str) -> Iterator[RawMail]:
        for one in left_over(engine, source):
            yield RawMail(
                raw=one.raw,
                source_id=one.source_id,
                origin=_origin_of(source, one.place),
                target_language=one.target_language,
                problem="" if one.raw else "it could not be read when it was met",
            )

    return Opening(
        data_dir=settings.data_dir, since_uid=from_the_start if settings.again else since_uid, left_over=undone
    )


def _origin_of(source: str, place: str) -> Origin:
    """Return the origin that gives this place again."""
    mailbox, _, numbers = place.rpartition("/")
    mailbox, _, uidvalidity = mailbox.rpartition("/")
    if source.startswith("imap:") and numbers.isdigit() and uidvalidity.isdigit():
        return Origin(source=source, mailbox=mailbox, uidvalidity=int(uidvalidity), uid=int(numbers))
    return Origin(source=source)
