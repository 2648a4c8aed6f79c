"""Events for Prefect automations that notify people when a budget runs out or a provider is unavailable."""

from __future__ import annotations

import logging

from prefect.events import emit_event

from tasks.ledger.breakers import State
from tasks.ledger.budgets import Alert

BUDGET_NEARLY_SPENT = "mailroom.budget.nearly-spent"
CIRCUIT_CHANGED = "mailroom.provider.circuit-"
log = logging.getLogger("mailroom.understand")


def tell_of_budget(alert: Alert) -> None:
    """Emit the event, once for each cap. Its resource is the budget's scope: `mailroom.budget.day:2026-11-25`."""
    log.warning("80 %% of the budget of $%s for %s is spent.", alert.cap_usd, alert.scope)
    emit_event(
        event=BUDGET_NEARLY_SPENT,
        resource={"prefect.resource.id": f"mailroom.budget.{alert.scope}", "prefect.resource.name": alert.scope},
        payload={"spent_usd": str(alert.spent_usd), "cap_usd": str(alert.cap_usd)},
    )


def tell_of_circuit(provider: str, state: State) -> None:
    """Emit `mailroom.provider.circuit-open`, `-half-open` or `-closed`. Its resource is `mailroom.provider.<name>`."""
    emit_event(
        event=CIRCUIT_CHANGED + state.replace("_", "-"),
        resource={"prefect.resource.id": f"mailroom.provider.{provider}", "prefect.resource.name": provider},
        payload={"state": state},
    )
