"""What a source learns from the ledger: which of its mails were read already, and which are not finished."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from sqlalchemy import Engine

from tasks.ledger.read_objects import record_read, versions_read
from tasks.ledger.sightings import highest_uid, left_over, retire_uids
from tasks.mailbox.inbox import NAME as INBOX
from tasks.mailbox.kinds import Opening, Pause, from_the_start, none_read
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings


def opening_for(engine: Engine, settings: Settings, pause: Pause = time.sleep) -> Opening:
    """Return the `Opening` for `open_source`, so that a mailbox or a bucket is read from where the last run stopped.

    With the setting `again`, it is read from the start.
    """

    def since_uid(source: str, mailbox: str, uidvalidity: int) -> int:
        return highest_uid(engine, source, mailbox, uidvalidity)

    def uids_given_anew(source: str, mailbox: str, uidvalidity: int, uidnext: int) -> bool:
        if not 0 < uidnext <= highest_uid(engine, source, mailbox, uidvalidity):
            return False
        retire_uids(engine, source, mailbox, uidvalidity)
        return True

    def undone(source: str) -> Iterator[RawMail]:
        if settings.again and source != INBOX:  # the inbox deletes what it has given, so it can't be read again
            return
        for one in left_over(engine, source):
            yield RawMail(
                raw=one.raw,
                source_id=one.source_id,
                origin=_origin_of(source, one.place, one.source_id),
                target_language=one.target_language,
                problem="" if one.raw else "it could not be read",
            )

    def read_before(source: str) -> Mapping[str, str]:
        return versions_read(engine, source)

    def note_read(source: str, versions: Mapping[str, str]) -> None:
        record_read(engine, source, versions)

    return Opening(
        data_dir=settings.data_dir,
        uids_given_anew=uids_given_anew,
        since_uid=from_the_start if settings.again else since_uid,
        left_over=undone,
        versions_read=none_read if settings.again else read_before,
        note_read=note_read,
        pause=pause,
    )


def _origin_of(source: str, place: str, source_id: str) -> Origin:
    """Return the origin for this place, as far as it is known from the place."""
    folder, _, uid = place.rpartition("/")
    mailbox, _, uidvalidity = folder.rpartition("/")
    if source.startswith("imap:") and uid.isdigit() and uidvalidity.isdigit():
        return Origin(source=source, mailbox=mailbox, uidvalidity=int(uidvalidity), uid=int(uid))
    return Origin(source=source, mailbox=place.removesuffix(f"#{source_id}") if place != source_id else "")
