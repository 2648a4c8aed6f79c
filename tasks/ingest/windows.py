"""Reads a source in windows of some hundred mails, one window ahead of the stages that process them."""

from __future__ import annotations

import itertools
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pandera.typing import DataFrame
from sqlalchemy import Engine

from tasks.frames import Messages, Skipped
from tasks.ingest.conversations import record_conversations, with_facts
from tasks.ingest.rows import Parsed, as_of_source, parse, wished_language
from tasks.ingest.sent_mail import record_sent_mail
from tasks.ledger.claims import claim
from tasks.ledger.clocks import ledger_time
from tasks.ledger.likely_copies import likely_copies
from tasks.ledger.messages import Seen, record_seen, states_of
from tasks.ledger.seen_marks import SeenMarks, record_marks
from tasks.mailbox.kinds import Source
from tasks.mailbox.raw import RawMail
from tasks.settings import Settings

log = logging.getLogger("mailroom.ingest")


@dataclass(frozen=True, kw_only=True)
class Window:
    """Some mails of a source: those that this run processes, and those it skips, with the reason."""

    messages: DataFrame[Messages]
    skipped: DataFrame[Skipped]
    last: bool

    def __len__(self) -> int:
        return len(self.messages) + len(self.skipped)


class MessageReader:
    """Gives the windows of a source in order. The next one is read while the last one is processed.

    The first window is a single chunk, so that the first questions are sent soon. Mails are recorded before they are
    claimed. If a window could not be recorded, it is tried again with the bytes already read.
    """

    def __init__(self, source: Source, engine: Engine, *, owner: str, settings: Settings, failed: bool = False) -> None:
        """`failed` also claims mails that failed for good; then the source is the ledger, which has them on record."""
        self._source = source
        self._failed = failed
        self._engine = engine
        self._owner = owner
        self._settings = as_of_source(source, settings)
        self._mails = source.read()
        self._batch: list[RawMail] = []
        self._peeked: RawMail | None = None
        self._broken: BaseException | None = None
        self._sent_is_read = False
        self._mine: set[bytes] = set()
        self._sizes = itertools.chain([settings.chunk_rows], itertools.repeat(settings.window_rows))
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._ahead: Future[Window] | None = None

    def expected(self) -> int | None:
        """The number of mails; null where the source does not know it without reading them."""
        return self._source.count()

    def next_window(self) -> Window:
        """The next window. After one that is `last` there is none.

        It raises the error of reading or recording. The next call then tries the same mails again.
        """
        ahead = self._ahead or self._pool.submit(self._read)
        self._ahead = None
        window = ahead.result()
        if window.last:
            self._pool.shutdown(wait=False)
        else:
            self._ahead = self._pool.submit(self._read)
        return window

    def close(self) -> None:
        """Stop reading ahead."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(self) -> Window:
        if not self._sent_is_read:  # first, so that what we answered is known
            record_sent_mail(self._source, self._engine, self._settings)
            self._sent_is_read = True
        if not self._batch:
            self._fill(next(self._sizes))
        parsed = [parse(raw, self._settings) for raw in self._batch]
        if not self._failed:
            at = ledger_time(self._engine)
            record_seen(self._engine, [seen(one) for one in parsed if not one.raw.foreign])
            record_marks(self._engine, [_marked(one.raw, at) for one in parsed if one.raw.marks])
            record_conversations(self._engine, parsed, self._settings)
            self._note_recorded()
        window = self._claim(parsed)
        self._batch = []
        return window

    def _fill(self, size: int) -> None:
        """Read the next mails from the source, and one more to know whether there are any.

        If the source raises, the mails read so far become a window, and the next window raises the error.
        """
        if self._broken is not None:
            raise self._broken
        if self._peeked is not None:
            self._batch.append(self._peeked)
            self._peeked = None
        try:
            for raw in self._mails:
                if len(self._batch) == size:
                    self._peeked = raw
                    break
                self._batch.append(raw)
        except Exception as error:
            self._broken = error
            if not self._batch:
                raise

    def _note_recorded(self) -> None:
        # The inbox deletes its files once their bytes are in the ledger. Other sources keep theirs.
        settled = getattr(self._source, "settled", None)
        if settled is not None:
            settled([raw.place for raw in self._batch])

    def _claim(self, parsed: list[Parsed]) -> Window:
        fresh: dict[str, Parsed] = {}
        for one in parsed:
            if not one.raw.foreign and bytes.fromhex(one.mail.message_key) not in self._mine:
                fresh.setdefault(one.mail.message_key, one)
        again, lease_s = self._settings.again, self._settings.lease_s
        claims = claim(self._engine, fresh, owner=self._owner, lease_s=lease_s, again=again, failed=self._failed)
        self._mine.update(bytes.fromhex(key) for key in claims)
        states = states_of(self._engine, [key for key in fresh if key not in claims])
        copies = likely_copies(self._engine, claims)
        ours = {
            key: fresh[key].row | {"fence": claims[key].fence, "likely_duplicate_of": copies.get(key, "")}
            for key in fresh
            if key in claims
        }
        firsts = {id(fresh[key]) for key in claims}
        others = [_skipped(one, states) for one in parsed if id(one) not in firsts]
        return Window(
            messages=Messages.of(with_facts(ours, self._engine, self._settings)),
            skipped=Skipped.of(others),
            last=self._peeked is None and self._broken is None,
        )


def seen(one: Parsed) -> Seen:
    """Return what the ledger records about a mail before it is processed."""
    return Seen(
        message_key=one.mail.message_key,
        source=one.raw.origin.source[:512],
        place=one.raw.place,
        source_id=one.row["source_id"],
        raw=one.raw.raw,
        message_id=one.mail.message_id,
        likeness=one.mail.likeness,
        target_language=wished_language(one.raw, one.mail),
    )


def _marked(raw: RawMail, at: float) -> SeenMarks:
    return SeenMarks(place=(raw.origin.source[:512], raw.place), marks=raw.marks, at=at)


def _skipped(one: Parsed, states: dict[str, str]) -> dict[str, Any]:
    key = one.mail.message_key
    if one.raw.foreign:
        return _row_of_skipped(one, one.raw.problem, repeats=False)
    reasons = {
        "COMPLETED": "Already processed.",
        "FAILED": "Already processed; it failed, and another try would not help.",
        "PROCESSING": "Another run is working on it.",
    }
    reason = reasons.get(states.get(key, ""), "The same mail stands earlier in this source.")
    return _row_of_skipped(one, reason, repeats=True)


def _row_of_skipped(one: Parsed, reason: str, *, repeats: bool) -> dict[str, Any]:
    known = {name: one.row[name] for name in Skipped.names() if name in one.row}
    return known | {"reason": reason, "repeats": repeats}
