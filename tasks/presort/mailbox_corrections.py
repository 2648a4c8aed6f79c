"""The task `notice corrections`: what people changed about a mail in its mailbox says what its category is.

A mail that now bears another category's label or flag than before, or was moved to another category's folder, was
corrected, whatever client that was done in. What stood there when the mail was read says nothing, so no mail can bring
its own correction; nor does what this instance set (the outbox knows), nor what another did, which signs it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imap_tools import BaseMailBox
from prefect import task
from sqlalchemy import Engine

from tasks import policies
from tasks.errors import SourceError, SourceUnavailable
from tasks.known import CategoryMarks
from tasks.ledger.clocks import ledger_time
from tasks.ledger.corrections import Correction, current_categories, record_corrections
from tasks.ledger.engine import open_ledger
from tasks.ledger.instance import SIGNATURE, signature_of
from tasks.ledger.messages import message_ids_of
from tasks.ledger.seen_marks import SeenMarks, marks_seen, marks_set, record_marks
from tasks.ledger.sightings import newest_in_folder
from tasks.mailbox.imap.address import join_address, load_mailbox, split_address
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import LOST, REFUSED, connected
from tasks.mailbox.imap.marks import has_labels, read_marks
from tasks.mailbox.imap.refusals import words_of
from tasks.mailbox.imap.searches import find_by_id
from tasks.mailbox.imap.uids import read_uidvalidity
from tasks.parsing.read_mail import read_mail
from tasks.runs import Run

log = logging.getLogger("mailroom.ingest")

_GONE = "gone"
"""What stands, in this program's books, on a mail that left its folder; it is looked for elsewhere once."""
LOOKED_AT = 2_000
"""The newest mails of a folder that are looked at."""
_MOST_SOUGHT = 200
"""Mails that left their folder since, and are looked for in the folders of categories at once."""


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """A folder's mails on record, by their places: the key of each, what stood on it, and what stands there now."""

    source: str
    keys: Mapping[str, str]
    before: Mapping[str, SeenMarks]
    now: Mapping[str, frozenset[str]]


@task(name="notice corrections", **policies.LEDGER)
def notice_corrections(address: str, marks: CategoryMarks, run: Run) -> int:
    """How many corrections were noticed in the mailbox `imap://BLOCK/FOLDER`, and written down.

    A mailbox that cannot be looked at now is left to the next run.
    """
    if not marks.categories:
        return 0
    block_name, folder = split_address(address)
    try:
        return notice(block_name, load_mailbox(block_name), folder, marks, run)
    except (*LOST, *REFUSED, SourceError, SourceUnavailable) as error:
        log.warning("%s: what people changed there could not be looked at now (%s).", address, words_of(error))
        return 0


def notice(block_name: str, block: Mailbox, folder: str, marks: CategoryMarks, run: Run) -> int:
    """How many corrections there were in this folder of the mailbox; an empty `folder` is the block's own."""
    engine = open_ledger(run.settings.ledger)
    at, folder = ledger_time(engine), folder or block.folder
    with connected(block, folder, readonly=True) as box:
        seen = _look(box, join_address(block_name, folder), folder, marks, engine)
    made = list(_corrections(seen, marks, f"mailbox {block_name}", run))
    record_corrections(engine, made)
    changed = {place: told for place, told in seen.now.items() if told != _marks_at(seen.before.get(place))}
    record_marks(engine, [SeenMarks(place=(seen.source, place), marks=told, at=at) for place, told in changed.items()])
    if made:
        log.info("%s: people changed what %d mails are.", seen.source, len(made))
    return len(made)


def _look(box: BaseMailBox, source: str, folder: str, marks: CategoryMarks, engine: Engine) -> LookedAt:
    uidvalidity = read_uidvalidity(box)
    known = newest_in_folder(engine, source, folder, uidvalidity, LOOKED_AT)
    places = {uid: f"{folder}/{uidvalidity}/{uid}" for uid in known}
    here = read_marks(box, sorted(known))
    if has_labels(box):  # a folder is a label there
        here = {uid: told | {f"in:{one}" for one in told} for uid, told in here.items()}
    before = marks_seen(engine, source, places.values())
    left = [uid for uid in known if uid not in here and _GONE not in _marks_at(before.get(places[uid]))]
    elsewhere = [one for one in marks.folders if one != folder]
    moved = _moved(box, elsewhere, [known[uid] for uid in left[:_MOST_SOUGHT]], engine) if elsewhere else {}
    now = {places[uid]: told for uid, told in here.items()}
    now |= {places[uid]: moved.get(known[uid], frozenset()) | {_GONE} for uid in left[:_MOST_SOUGHT]}
    return LookedAt(source=source, keys={places[uid]: key for uid, key in known.items()}, before=before, now=now)


def _moved(box: BaseMailBox, folders: Sequence[str], keys: Sequence[str], engine: Engine) -> dict[str, frozenset[str]]:
    """What stands on those of the mails that lie in one of these folders now, told by all that their authors wrote."""
    return {
        found.name: found.marks | {f"in:{found.folder}".lower()}
        for found in find_by_id(box, folders, message_ids_of(engine, keys))
        if read_mail(found.raw).message_key == found.name
    }


def _corrections(seen: LookedAt, marks: CategoryMarks, person: str, run: Run) -> Iterator[Correction]:
    engine = open_ledger(run.settings.ledger)
    fresh = {
        place: new
        for place, told in seen.now.items()
        if (new := (told & marks.categories.keys()) - _marks_at(seen.before.get(place)))
    }
    keys = {seen.keys[place] for place in fresh}
    ours, current = marks_set(engine, keys), current_categories(engine, keys)
    for place, new in fresh.items():
        key, before = seen.keys[place], seen.before.get(place)
        since = before.at if before else 0.0
        by_people = new - {mark for mark, at in ours.get(key, []) if at >= since}
        said = {marks.categories[mark] for mark in by_people} & set(run.categories.names)
        if len(said) == 1 and not _signed_by_others(seen.now[place], engine) and current.get(key, "") not in said:
            yield Correction(
                message_key=key, category=said.pop(), was=current.get(key, ""), person=person, way="mailbox"
            )


def _signed_by_others(told: Iterable[str], engine: Engine) -> bool:
    return any(one.startswith(SIGNATURE) and one != signature_of(engine) for one in told)


def _marks_at(seen: SeenMarks | None) -> frozenset[str]:
    return seen.marks if seen else frozenset()
