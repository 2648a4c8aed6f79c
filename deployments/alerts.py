"""The automation that notifies people when a budget runs out or a provider is unavailable.

It uses one of the operator's notification blocks (Slack, Teams, e-mail, a webhook), which is found by its name. Without
such a block, an automation cannot notify.
"""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from tasks.understand.alerts import BUDGET_NEARLY_SPENT, CIRCUIT_CHANGED

BLOCK = "mailroom-alerts"
_PAGE = 200
_BUDGET = (
    "${{ event.payload.spent_usd }} of the budget of ${{ event.payload.cap_usd }} for {{ event.resource.name }} is "
    "spent. Mails that no longer fit stay PENDING: raise the budget, or leave them to a later run."
)
_PROVIDER = (
    "Provider {{ event.resource.name }} failed again and again and is not asked for a minute. "
    "Its mails go to the next provider of MAILROOM_FALLBACKS, or are taken up by a later run."
)


def automation(block: BlockDocument) -> AutomationCore:
    """The automation that notifies through this block."""
    body = "{% if 'budget' in event.event %}" + _BUDGET + "{% else %}" + _PROVIDER + "{% endif %}"
    return AutomationCore(
        name="mailroom: tell of budgets and providers",
        description=f"Notifies through the block `{BLOCK}` when 80 % of a budget is spent, or a provider is away.",
        trigger=EventTrigger(
            expect={BUDGET_NEARLY_SPENT, f"{CIRCUIT_CHANGED}open"},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[
            SendNotification(block_document_id=block.id, subject="Mailroom: {{ event.resource.name }}", body=body)
        ],
    )


async def find_block(client: PrefectClient) -> BlockDocument | None:
    """The notification block with the name `BLOCK`, of any type; null when there is none."""
    offset = 0
    while page := await client.read_block_documents(offset=offset, limit=_PAGE, include_secrets=False):
        for block in page:
            if block.name == BLOCK and block.block_schema and "notify" in block.block_schema.capabilities:
                return block
        offset += len(page)
    return None
