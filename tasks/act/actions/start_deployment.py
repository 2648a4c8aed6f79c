"""Starts another Prefect deployment for the mail. The effect's id is the run's idempotency key, so it starts once."""

from __future__ import annotations

from typing import Any, Literal

from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from pydantic import Field

from tasks.act.acted_mail import ActedMail, Planned
from tasks.act.performer import ActionContext, Found, NotDone
from tasks.actions import Action
from tasks.ledger.effects import Effect


class StartDeployment(Action):
    """Start another deployment, named `flow/deployment`, with the parameters `message_key` and `category`."""

    action: Literal["start_deployment"]
    deployment: str = Field(pattern=r"^[^/]+/[^/]+$", max_length=200)


def plan(action: StartDeployment, mail: ActedMail) -> Planned:
    given = {"message_key": mail.row["message_key"], "category": mail.row["category"]}
    return Planned(target=action.deployment, content=given)


async def perform(effect: Effect, context: ActionContext) -> str:
    name = effect.parameters["deployment"]
    context.about_to()
    try:
        run: Any = await arun_deployment(
            name, parameters=effect.content, timeout=0, as_subflow=False, idempotency_key=effect.effect_id
        )
    except ObjectNotFound as error:
        raise NotDone(f"there is no deployment `{name}`; deploy it or mend the rule") from error
    return f"run `{run.name}` of `{name}` started"


async def look(effect: Effect, context: ActionContext) -> Found:
    return "not done"  # the idempotency key makes a second start safe
