"""Schedules that a person makes and pauses in Prefect's newer UI stay so when everything is registered again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from prefect.client.orchestration import get_client

from tests.e2e.operator_ui import register_everything

pytestmark = pytest.mark.soak
HOURLY, ON_DEMAND = "process-mail/process-mail-hourly", "process-mail/process-mail-on-demand"


def schedules_of(name: str) -> list[tuple[str, bool]]:
    """The schedules of a deployment, and whether each is on."""
    with get_client(sync_client=True) as client:
        found = client.read_deployment_by_name(name).schedules
    return [(str(one.schedule.model_dump(exclude={"anchor_date"}, exclude_none=True)), one.active) for one in found]


def open_page(page: Page, api_url: str, name: str) -> None:
    """Look at a deployment's page."""
    with get_client(sync_client=True) as client:
        deployment_id = client.read_deployment_by_name(name).id
    page.goto(f"{api_url.removesuffix('/api')}/v2/deployments/deployment/{deployment_id}")


def test_one_that_is_made_and_one_that_is_paused_are_kept(page, prefect_server):
    register_everything(prefect_server)
    assert [on for _, on in schedules_of(HOURLY)] == [True]
    open_page(page, prefect_server, HOURLY)
    switch = page.get_by_role("switch", name="toggle At 5 minutes past the hour")
    switch.click()
    expect(switch).not_to_be_checked()
    open_page(page, prefect_server, ON_DEMAND)
    page.get_by_role("button", name="Schedule", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    page.get_by_role("dialog").wait_for(state="hidden")
    set_in_the_ui = schedules_of(HOURLY), schedules_of(ON_DEMAND)

    register_everything(prefect_server)

    assert (schedules_of(HOURLY), schedules_of(ON_DEMAND)) == set_in_the_ui
    assert [on for _, on in schedules_of(HOURLY)] == [False]
    assert len(schedules_of(ON_DEMAND)) == 1
