"""Shows what rules would do with a source's mails, which are read and understood as in a run; nothing is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any
from uuid import uuid4

from tasks.act.acted_mail import ActedMail
from tasks.act.apply_actions import rows_of
from tasks.act.destinations import Destinations, read_destinations
from tasks.act.mailboxes import MailLocation
from tasks.act.plan import plan_mail
from tasks.categories import Categories
from tasks.decide.decide import decide
from tasks.decide.rules import RuleBook, analyses_for
from tasks.decide.withhold import marks_of, why_withheld
from tasks.frames import Messages
from tasks.ingest.rows import parse
from tasks.ledger.plans import Plan
from tasks.mailbox.kinds import Opening
from tasks.mailbox.raw import Origin, RawMail
from tasks.mailbox.sources import open_source
from tasks.providers.event_loop import on_model_loop
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import asker_for, check_models, models_for
from tasks.understand.understand import understand


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """A mail, the rules that match it, and what they would do."""

    row: dict[str, Any]
    plans: list[Plan]


def try_rules(
    address: str, rules: RuleBook, settings: Settings, categories: Categories, *, most: int
) -> list[TrialResult]:
    """What these rules would do with the source's first `most` mails. The models' answers are kept for a later run.

    Raises:
        Misconfigured: The source or a provider cannot be used.
    """
    check_models(settings)
    destinations = read_destinations()
    source = open_source(address, Opening(data_dir=settings.data_dir))
    raws = {row["message_key"]: (raw, row) for raw, row in islice(_rows(source.read(), settings), most)}
    rows = [row | {"unreadable": row["unreadable"] or _withheld(raw, row, rules)} for raw, row in raws.values()]
    messages = Messages.of(rows)
    run = Run(id=f"try-{uuid4()}", settings=settings, categories=categories)
    worth = partial(analyses_for, rules)
    asked = understand(messages, asker_for(run), models_for(settings), worth, categories=categories)
    readings = on_model_loop(asked)
    return [
        TrialResult(row=row, plans=_plans(row, raws[row["message_key"]][0], destinations))
        for row in rows_of(messages, readings, decide(messages, readings, rules))
    ]


def _rows(mails: Iterator[RawMail], settings: Settings) -> Iterator[tuple[RawMail, dict[str, Any]]]:
    return ((raw, parse(raw, settings).row) for raw in mails if not raw.foreign)


def _withheld(raw: RawMail, row: dict[str, Any], rules: RuleBook) -> str:
    return why_withheld(row | marks_of(raw.raw), rules)


def _plans(row: dict[str, Any], raw: RawMail, destinations: Destinations) -> list[Plan]:
    return plan_mail(
        ActedMail(row=row, raw=raw.raw, locations=_locations(raw.origin), destinations=destinations), dry_run=True
    )


def _locations(origin: Origin) -> list[MailLocation]:
    if origin.uid is None or origin.uidvalidity is None:
        return []
    return [MailLocation(source=origin.source, folder=origin.mailbox, uidvalidity=origin.uidvalidity, uid=origin.uid)]
