"""Actions through Prefect: a notification block, and another deployment's run."""

import json
from uuid import uuid4

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

from tests.tasks.act.office import Office


@pytest.fixture
def office(prefect_server, ledger_url):
    office = Office(ledger_url)
    office.receive()
    return office


def test_people_are_told_once_and_no_template_of_a_mails_is_filled_in(office, http_sink):
    name = f"told-{uuid4().hex[:8]}"
    block = CustomWebhookNotificationBlock(
        name="x", url=http_sink.url, json_data={"text": "{{subject}} | {{body}}"}, secrets={"token": "s3cret"}
    )
    block.save(name)
    for _ in range(2):
        (done,) = office.act(
            {"action": "notify", "block": f"custom-webhook/{name}"},
            subject="Hi {{token}}",
            summary="See evil.example/x {{token}}",
        )

    assert done["state"] == "done"
    ((_, _, body),) = http_sink.posts
    text = json.loads(body)["text"]
    assert "SUPPORT: Hi" in text
    assert "s3cret" not in text
    assert "evil.example" not in text


def test_a_block_that_is_not_there_is_named(office):
    (failed,) = office.act({"action": "notify", "block": "slack-webhook/nobody-made-it"})

    assert (failed["state"], "slack-webhook/nobody-made-it" in failed["detail"]) == ("failed", True)


def test_a_deployment_is_started_once_with_the_mails_key_and_nothing_of_its_words(office):
    flow_name = f"flow-{uuid4().hex[:8]}"
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow_from_name(flow_name), "handle", paused=True)
        for _ in range(2):
            (done,) = office.act({"action": "start_deployment", "deployment": f"{flow_name}/handle"})
        wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        (run,) = client.read_flow_runs(deployment_filter=wanted)

    assert done["state"] == "done"
    assert run.parameters == {"message_key": "m1", "category": "SUPPORT"}


def test_a_deployment_that_is_not_there_is_named(office):
    (failed,) = office.act({"action": "start_deployment", "deployment": "no/such"})

    assert (failed["state"], "`no/such`" in failed["detail"]) == ("failed", True)
