"""The first lines of a run's log: its source, models, budget, mode of acting, and rules."""

from __future__ import annotations

import logging

from tasks.categories import DEFAULT_CATEGORIES, Categories
from tasks.decide.category_names import unknown_categories
from tasks.decide.operator_rules import VARIABLE
from tasks.decide.rules import RuleBook, load_rules
from tasks.settings import Settings
from tasks.understand.connect import models_for

log = logging.getLogger("mailroom.report")


def first_lines(source: str, settings: Settings, rules: RuleBook, categories: Categories) -> str:
    """Six lines. They contain no addresses of people and no secrets."""
    models = dict.fromkeys(f"{link.provider}:{link.model}" for link in models_for(settings).links())
    does = "dry run, nothing is done to the mail or sent" if settings.dry_run else "actions are done"
    return "\n".join((
        f"Source: {source}",
        f"Models: {', '.join(models)} ({settings.mode} mode)",
        f"Actions: {does}",
        f"Budget: {_budget(settings)}",
        f"Categories: {', '.join(categories.names)}",
        f"Rules: {len(rules.rules)} rules, {_origin(settings, rules)}",
    ))  # fmt: skip


def warn_of_idle_rules(rules: RuleBook, categories: Categories) -> None:
    """Say which of the shipped rules name a category that the list lacks; the operator's own stop a run before."""
    idle = unknown_categories(rules, categories.names) if categories != DEFAULT_CATEGORIES and _shipped(rules) else []
    if idle:
        log.warning(
            "Of the shipped rules some do nothing with your categories: %s. Put rules of your own into the Prefect "
            "Variable `%s`.", "; ".join(idle), VARIABLE,
        )  # fmt: skip


def _budget(settings: Settings) -> str:
    caps = {"run": settings.budget_usd, "day": settings.budget_day_usd, "month": settings.budget_month_usd}
    return ", ".join(f"${cap.normalize():f} a {name}" for name, cap in caps.items() if cap is not None) or "no limit"


def _origin(settings: Settings, rules: RuleBook) -> str:
    if settings.rules_file:
        return f"from the file `{settings.rules_file}`"
    return "those shipped" if _shipped(rules) else f"from the Prefect Variable `{VARIABLE}`"


def _shipped(rules: RuleBook) -> bool:
    return rules.text == load_rules().text
