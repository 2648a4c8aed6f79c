"""Turns decisions into planned effects, one for each action of a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Literal

from sqlalchemy import Engine

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.actions import check_action, performer_of
from tasks.act.destinations import Destinations
from tasks.act.dns import look_up_txt
from tasks.act.domains import Dns
from tasks.act.mailboxes import Mailboxes
from tasks.act.other_mailboxes import in_other_mailboxes
from tasks.act.review import ReadAgain, reviewed
from tasks.actions import Action, action_types, read_action
from tasks.doubts import grave, words
from tasks.errors import Misconfigured
from tasks.ledger.messages import load_raw
from tasks.ledger.plans import Plan
from tasks.mailbox.imap.identity import NOBODY


def plan_mails(
    engine: Engine, rows: Iterable[Mapping[str, Any]], destinations: Destinations, mailboxes: Mailboxes, *,
    dry_run: bool, review: SecondReading | None = None, dns: Dns = look_up_txt,
) -> list[Plan]:  # fmt: skip
    """The planned effects of these mails, in order for each mail.

    `rows` have the columns of messages, readings and decisions.
    """
    acting = {row["message_key"]: row for row in rows if len(row["actions"])}
    seen = mailboxes.locations_of(list(acting))
    # Effects on a mail in its mailbox need the mail's bytes only when they are performed.
    needed = [key for key, row in acting.items() if _needs_bytes(row)]
    raws = {found["message_key"]: found["raw"] for found in load_raw(engine, needed)}
    mails = [
        ActedMail(
            row=row, raw=raws.get(key, b""), locations=seen.get(key, ()), destinations=destinations, dns=dns,
            identity=mailboxes.identity_at(seen.get(key, ())) if key in raws else NOBODY,
        )
        for key, row in acting.items()
    ]  # fmt: skip
    planned = partial(plan_mail, dry_run=dry_run, review=review)
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:  # a second reader takes seconds for each mail
        return list(chain.from_iterable((pool.map if review else map)(planned, mails)))


# How something is done makes no other effect of it: a rule that is changed there has nothing done twice.
HOW = {"action", "hold", "sender_links", "reply_all", "template"}
_READ_AT_ONCE = 10


def _needs_bytes(row: Mapping[str, Any]) -> bool:
    return any(action_types()[str(action["action"])].needs_bytes for action in row["actions"])


@dataclass(frozen=True, kw_only=True)
class SecondReading:
    """Which replies the second reader checks, and how it is asked."""

    actions: frozenset[str]
    read_again: ReadAgain


def plan_mail(mail: ActedMail, *, dry_run: bool, review: SecondReading | None = None) -> list[Plan]:
    """The mail's effects, in the order of its rules."""
    named = enumerate(mail.row["actions"])
    plans = [_plan(position, dict(action), mail, dry_run, review) for position, action in named]
    return [one for plan in plans for one in (plan, *in_other_mailboxes(plan, mail.locations))]


def _plan(position: int, named: dict[str, Any], mail: ActedMail, dry_run: bool, review: SecondReading | None) -> Plan:
    rule = str(named.pop("rule", ""))
    action = read_action(named)
    planned = performer_of(action.action).plan(action, mail)
    if review and action.action in review.actions and not planned.skip:
        planned = reviewed(planned, mail, review.read_again)
    state, detail = _state(action, planned, grave(mail.row["doubts"]))
    return Plan(
        message_key=mail.row["message_key"], position=position, action=action.action,
        parameters=action.model_dump(exclude=HOW), rule=rule, target=planned.target[:300],
        content=planned.content, state=state, detail=detail, dry_run=dry_run,
    )  # fmt: skip


def _state(action: Action, planned: Planned, doubts: list[str]) -> tuple[Literal["planned", "held", "skipped"], str]:
    if planned.skip:
        return "skipped", planned.skip
    if planned.hold:
        return "held", planned.hold
    if doubts and not action.is_mark:
        return "held", f"the answer is doubtful: {words(doubts)}"
    return ("held", "its rule holds it for a person") if action.hold else ("planned", "")


def check_destinations(actions: Iterable[tuple[str, Action]], destinations: Destinations) -> None:
    """Check that every destination in the rules is configured. `actions` are pairs of rule name and action.

    Raises:
        Misconfigured: A destination is missing; the message names it and the rule.
    """
    for rule, action in actions:
        try:
            check_action(action, destinations)
        except Misconfigured as missing:
            raise Misconfigured(f"Rule `{rule}`: {missing}") from missing
