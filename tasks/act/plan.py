"""From decisions to plans: what each action comes to for its mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Literal

from sqlalchemy import Engine

from tasks.act.actions import performer_of
from tasks.act.dns import look_up_txt
from tasks.act.domains import Dns
from tasks.act.letter import Letter, Planned
from tasks.act.mailboxes import Mailboxes
from tasks.act.places import Places
from tasks.act.review import ReadAgain, reviewed
from tasks.actions import AnyAction, read_action
from tasks.errors import Misconfigured
from tasks.ledger.messages import load_raw
from tasks.ledger.plans import Plan


def plan_mails(
    engine: Engine, rows: Iterable[Mapping[str, Any]], places: Places, mailboxes: Mailboxes, *, dry_run: bool,
    review: Review | None = None, dns: Dns = look_up_txt,
) -> list[Plan]:  # fmt: skip
    """What is to be done about these mails, each mail's in order; `rows` have the columns of messages, readings and decisions."""
    acting = {row["message_key"]: row for row in rows if len(row["actions"])}
    seen = mailboxes.places_of(list(acting))
    # Compressed mails are not taken out for marks that can't be set anyway.
    needed = [key for key, row in acting.items() if key in seen or not _MARKS.issuperset(_names(row))]
    raws = {found["message_key"]: found["raw"] for found in load_raw(engine, needed)}
    letters = [
        Letter(row=row, raw=raws.get(key, b""), place=seen.get(key), places=places, dns=dns)
        for key, row in acting.items()
    ]
    planned = partial(plan_mail, dry_run=dry_run, review=review)
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:  # a second reader takes seconds a mail
        return list(chain.from_iterable((pool.map if review else map)(planned, letters)))


_READ_AT_ONCE = 10
_MARKS = frozenset({"label", "flag", "move"})


def _names(row: Mapping[str, Any]) -> set[str]:
    return {str(action["action"]) for action in row["actions"]}


@dataclass(frozen=True, kw_only=True)
class Review:
    """Which replies a second reader reads, and how it is asked."""

    actions: frozenset[str]
    read_again: ReadAgain


def plan_mail(letter: Letter, *, dry_run: bool, review: Review | None = None) -> list[Plan]:
    """The mail's effects, in the order its rules name them."""
    named = enumerate(letter.row["actions"])
    return [_plan(position, dict(action), letter, dry_run, review) for position, action in named]


def _plan(position: int, named: dict[str, Any], letter: Letter, dry_run: bool, review: Review | None) -> Plan:
    rule = str(named.pop("rule", ""))
    action = read_action(named)
    planned = performer_of(action.action).plan(action, letter)
    if review and action.action in review.actions and not planned.skip:
        planned = reviewed(planned, letter, review.read_again)
    state, detail = _state(action, planned)
    return Plan(
        message_key=letter.row["message_key"], position=position, action=action.action,
        parameters=action.model_dump(exclude={"action", "hold"}), rule=rule, target=planned.target[:300],
        content=planned.content, state=state, detail=detail, dry_run=dry_run,
    )  # fmt: skip


def _state(action: AnyAction, planned: Planned) -> tuple[Literal["planned", "held", "skipped"], str]:
    if planned.skip:
        return "skipped", planned.skip
    if planned.hold:
        return "held", planned.hold
    return ("held", "its rule holds it for a person") if action.hold else ("planned", "")


def check_places(actions: Iterable[tuple[str, AnyAction]], places: Places) -> None:
    """See that every place the rules name is configured; `actions` are (rule, action).

    Raises:
        Misconfigured: Names the rule and what is missing.
    """
    for rule, action in actions:
        try:
            _check_place(action, places)
        except Misconfigured as missing:
            raise Misconfigured(f"Rule `{rule}`: {missing}") from missing


def _check_place(action: AnyAction, places: Places) -> None:
    if action.action == "webhook":
        places.endpoint(action.endpoint)
    elif action.action == "append_row":
        places.table(action.table)
    elif action.action == "send_reply" and not (places.smtp_host and places.reply_from):
        raise Misconfigured("it sends replies; set MAILROOM_SMTP_HOST and MAILROOM_REPLY_FROM.")
