"""What a run will cost: of a source that is only read, or of a run's first window with the rest taken to be like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import Any

from tasks.categories import Categories
from tasks.frames import records
from tasks.ingest.earlier import expected_earlier
from tasks.ingest.openings import opening_for
from tasks.ingest.our_passages import with_passages
from tasks.ingest.rows import Parsed, parse
from tasks.ingest.windows import Window
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import states_of
from tasks.ledger.past_usage import past_usage
from tasks.ledger.runs import record_estimate
from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source
from tasks.providers.catalogue.accounts import Accounts
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import models_for
from tasks.understand.estimate import Estimate, estimate, terms_of

_AT_A_TIME = 500


def estimate_source(address: str, settings: Settings, categories: Categories) -> Estimate:
    """What processing this source now would cost; nothing is asked, claimed or written, and done mails are left out.

    Raises:
        SourceError: The source cannot be opened.
    """
    source = open_source(address, opening_for(open_ledger(settings.ledger), settings))
    known = set[str]()
    found = _estimate(_to_do(source.read(), settings, known), settings, categories)
    return replace(found, known=len(known))


def estimate_run(window: Window, total: int | None, run: Run) -> Estimate:
    """What this run will cost, by its first window; kept in the ledger beside its bill.

    `total` is how many mails the source has, null where that is not known: then the window stands for itself.
    """
    mails = records(window.messages)
    found = _estimate(iter(mails), run.settings, run.categories)
    if total and not window.last and len(window):
        found = found.for_mails(round(total * len(mails) / len(window)))
    record_estimate(open_ledger(run.settings.ledger), run.id, found.as_json())
    return found


def estimate_mails(mails: list[dict[str, Any]], run: Run) -> Estimate:
    """What asking about these mails (rows of `tasks.frames.Messages`) will cost; kept beside the run's bill."""
    found = _estimate(iter(mails), run.settings, run.categories)
    record_estimate(open_ledger(run.settings.ledger), run.id, found.as_json())
    return found


def _estimate(mails: Iterator[Mapping[str, Any]], settings: Settings, categories: Categories) -> Estimate:
    past = past_usage(open_ledger(settings.ledger), settings.provider)
    factor = Decimal("0.5") if settings.mode == "economy" else Decimal(1)
    return estimate(mails, models_for(settings), terms_of(settings, Accounts(), factor, categories), past)


def _to_do(mails: Iterator[RawMail], settings: Settings, known: set[str]) -> Iterator[Mapping[str, Any]]:
    """Rows of the mails a run would work on, each once; the keys of the others are added to `known`."""
    engine, met = open_ledger(settings.ledger), set[str]()
    while some := list(islice(mails, _AT_A_TIME)):
        parsed = [parse(raw, settings) for raw in some if not raw.foreign]
        rows = {one.mail.message_key: _with_expected(one, settings) for one in parsed}
        done = {} if settings.again else states_of(engine, rows)
        known.update(key for key, state in done.items() if state != "PENDING")
        yield from (row for key, row in rows.items() if key not in met and key not in known)
        met.update(rows)


def _with_expected(one: Parsed, settings: Settings) -> Mapping[str, Any]:
    """The mail's row with as much of earlier mails as it may be shown with; which they are, only a run finds out."""
    row = one.row | {"earlier": expected_earlier(one.mail, settings.thread_tokens)}
    with_passages({one.mail.message_key: row}, settings)
    return row
