"""The first lines of a run's log: what it reads, whom it asks, what it may spend and do, and by which rules."""

from __future__ import annotations

from tasks.decide.operator_rules import VARIABLE
from tasks.decide.rules import RuleBook, load_rules
from tasks.settings import Settings
from tasks.understand.connect import models_for


def first_lines(source: str, settings: Settings, rules: RuleBook) -> str:
    """Five lines, without addresses of people and without secrets."""
    models = dict.fromkeys(f"{link.provider}:{link.model}" for link in models_for(settings).links())
    does = "dry run, nothing is done to the mail or sent" if settings.dry_run else "actions are done"
    return "\n".join((
        f"Source: {source}",
        f"Models: {', '.join(models)} ({settings.mode} mode)",
        f"Actions: {does}",
        f"Budget: {_budget(settings)}",
        f"Rules: {len(rules.rules)} rules, {_origin(settings, rules)}",
    ))  # fmt: skip


def _budget(settings: Settings) -> str:
    caps = {"run": settings.budget_usd, "day": settings.budget_day_usd, "month": settings.budget_month_usd}
    return ", ".join(f"${cap.normalize():f} a {name}" for name, cap in caps.items() if cap is not None) or "no limit"


def _origin(settings: Settings, rules: RuleBook) -> str:
    if settings.rules_file:
        return f"from the file `{settings.rules_file}`"
    return "those shipped" if rules.text == load_rules().text else f"from the Prefect Variable `{VARIABLE}`"
