"""`mailroom rules check`, `rules try SOURCE` and `rules schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter
from rich.table import Table

from deployments.cli.console import stdout
from deployments.cli.home import use_server
from deployments.cli.operator_categories import categories_in_force
from deployments.cli.outcomes import plain, styled
from tasks.providers.catalogue.sheets import ProviderName
from tasks.settings import read_settings

if TYPE_CHECKING:
    from flows.run.rule_trial import TrialResult
    from tasks.categories import Categories
    from tasks.decide.rules import RuleBook
    from tasks.ledger.plans import Plan

AsJson = Annotated[bool, Parameter(name="--json", negative="")]
rules = App(name="rules", help="Check the rules, or see what they would do.")


@rules.command
def check(file: Path | None = None, /, *, as_json: AsJson = False) -> int:
    """Read the categories and rules and show them in order. If one is wrong, name it and exit with code 2.

    Args:
        file: A file of rules. Default: those that a run would use, from MAILROOM_RULES_FILE, the Prefect Variable
            mailroom-rules, or the shipped rules.
        as_json: Print JSON, for programs: the categories and rules as they are in force.
    """
    categories = categories_in_force()
    from tasks.act.destinations import read_destinations
    from tasks.act.plan import check_destinations

    book, console = _read(file, categories), stdout()
    named = [(one.entry.name, action) for one in book.rules for action in one.entry.then]
    check_destinations(named, read_destinations())
    if as_json:
        console.print_json(json.dumps({"categories": categories.as_json(), **json.loads(book.text)}))
        return 0
    tables = {
        "Categories": _categories(categories), "Never sent": _never_sent(book), "Analyses": _analyses(book),
        "Rules": _rules(book),
    }  # fmt: skip
    for title, table in tables.items():
        if not table.row_count:
            continue
        table.title, table.title_justify = title, "left"
        console.print(table)
    counts = f"{len(categories.names)} categories, {len(book.analyses)} analyses and {len(book.rules)} rules"
    console.print(f"{counts} are fine.")
    return 0


@rules.command(name="try")
def try_(
    source: str,
    /,
    *,
    file: Path | None = None,
    mails: int = 20,
    provider: ProviderName | None = None,
    as_json: AsJson = False,
) -> int:
    """Show what the rules would do with a source's first mails. Nothing is done, and no mail counts as processed.

    The models are asked, at the same cost as in a run. A run within the next hour uses their answers.

    Args:
        source: Where the mail is, as for `mailroom run`.
        file: A file of rules, instead of those that a run would use.
        mails: How many mails to try.
        provider: The provider that reads the mail.
        as_json: Print JSON, for programs: a list with an object for each mail.
    """
    categories = categories_in_force()
    book = _read(file, categories)
    from flows.run.rule_trial import try_rules

    tried = try_rules(source, book, read_settings(provider=provider), categories, most=mails)
    console = stdout()
    if as_json:
        console.print_json(json.dumps([_as_json(one) for one in tried]))
        return 0
    table = Table(title="What the rules would do (nothing was done)", title_justify="left", expand=console.is_terminal)
    for name, ratio in (("mail", 4), ("category", 2), ("rules", 3), ("would", 7)):
        table.add_column(name, ratio=ratio, overflow="fold")
    for one in tried:
        would = "\n".join(_said(plan) for plan in one.plans) or "leave it alone"
        table.add_row(
            plain(one.row["subject"] or one.row["source_id"]), styled(one.row["category"] or "unread"),
            plain(one.row["rule"]), plain(would),
        )  # fmt: skip
    console.print(table)
    return 0


@rules.command
def schema() -> int:
    """Print the JSON schema of rules, for editors that complete and check as you type."""
    from tasks.decide.rules import RuleFile

    print(json.dumps(RuleFile.model_json_schema(), indent=2))  # noqa: T201  # for a file, so without rich's line ends
    return 0


def _read(file: Path | None, categories: Categories) -> RuleBook:
    chosen = file or read_settings().rules_file
    if chosen is None:
        use_server()
    from tasks.decide.operator_rules import read_rules

    return read_rules(chosen, categories=categories.names)


def _as_json(tried: TrialResult) -> dict[str, Any]:
    row = tried.row
    plans = [{"action": one.action, "target": one.target, "state": one.state, "why": one.detail} for one in tried.plans]
    return {name: row[name] for name in ("message_key", "source_id", "subject", "category", "rule")} | {"would": plans}


def _said(plan: Plan) -> str:
    state = {"planned": "", "held": " (held: {})", "skipped": " (not done: {})"}[plan.state].format(plan.detail)
    return f"{plan.action} {plan.target}{state}"


def _categories(categories: Categories) -> Table:
    table = Table("name", "meaning", "words")
    for one in categories.entries:
        table.add_row(one.name, plain(one.meaning), plain(", ".join(one.words)))
    return table


def _never_sent(book: RuleBook) -> Table:
    table = Table("", "name", "when")
    for number, one in enumerate(book.never_send, start=1):
        table.add_row(str(number), plain(one.entry.name), plain(one.entry.when))
    return table


def _analyses(book: RuleBook) -> Table:
    table = Table("", "name", "when", "ask", "then")
    for number, one in enumerate(book.analyses, start=1):
        entry = one.entry
        table.add_row(str(number), plain(entry.name), plain(entry.when), ", ".join(entry.ask) or "nothing", entry.after)
    return table


def _rules(book: RuleBook) -> Table:
    table = Table("", "name", "when", "do", "then")
    for number, one in enumerate(book.rules, start=1):
        entry = one.entry
        done = ", ".join(action.action + (" (held)" if action.hold else "") for action in entry.then) or "nothing"
        table.add_row(str(number), plain(entry.name), plain(entry.when), plain(done), entry.after)
    return table
