"""From `prefect deploy --all` on a new server to a run that a person starts from the form in the UI."""

import shutil

import pytest
import yaml
from prefect.client.orchestration import get_client

from deployments.local import processes
from deployments.local.worker import NAME, ensure_worker
from tasks.ledger.outcomes import read_run
from tests.e2e.operator_ui import ROOT, SAMPLES, Operator, register_everything
from tests.e2e.resume_form import UIS


@pytest.fixture
def deployed(prefect_server):
    """Everything in prefect.yaml, registered without a question."""
    register_everything(prefect_server)
    return prefect_server


@pytest.fixture
def worker(deployed, provider_env, tmp_path, monkeypatch):
    """A worker of the pool, whose runs keep their ledger and results in this test's folder."""
    monkeypatch.setenv("MAILROOM_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("MAILROOM_OUTPUT_DIR", str(tmp_path / "out"))
    ensure_worker(tmp_path, deployed, "mailroom")
    yield
    processes.end(tmp_path, NAME)


def test_every_deployment_is_registered_with_parameters_that_its_form_takes(deployed):
    wanted = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]

    with get_client(sync_client=True) as client:
        found = {}
        for entry in wanted:
            flow = entry["entrypoint"].rpartition(":")[2].replace("_", "-")
            found[f"{flow}/{entry['name']}"] = client.read_deployment_by_name(f"{flow}/{entry['name']}")
    assert len(found) == len(wanted) == len({one.id for one in found.values()})
    for name, deployment in found.items():
        known = deployment.parameter_openapi_schema["properties"]
        assert set(deployment.parameters) <= set(known), name
        assert all(value.get("description") for value in known.values()), name
        assert deployment.description
        assert "mailroom" in deployment.tags
        assert deployment.work_pool_name == "mailroom"


@pytest.mark.parametrize("ui", UIS)
def test_an_optional_number_is_a_field_that_is_filled_in_or_left_empty(ui, deployed, page):
    operator = Operator(page, deployed, ui)

    run = operator.start("process-mail/process-mail-on-demand", {"budget_usd": "0.25", "provider": "anthropic"})

    with get_client(sync_client=True) as client:
        given = client.read_flow_run(run).parameters
        client.delete_flow_run(run)
    assert (given["budget_usd"], given["provider"], given["dry_run"]) == (0.25, "anthropic", True)
    assert not {"chunk_rows", "concurrency"} & set(given)


@pytest.mark.soak
@pytest.mark.parametrize("ui", UIS)
def test_every_form_can_be_sent_as_it_stands(ui, deployed, page):
    for entry in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]:
        name = f"{entry['entrypoint'].rpartition(':')[2].replace('_', '-')}/{entry['name']}"
        with get_client(sync_client=True) as client:
            if client.read_deployment_by_name(name).parameter_openapi_schema.get("required"):
                continue  # there is something that only a person knows
        run = Operator(page, deployed, ui).start(name, {})
        with get_client(sync_client=True) as client:
            client.delete_flow_run(run)


def test_a_person_starts_a_run_from_the_form_and_reads_its_log_and_artifacts(worker, deployed, page, tmp_path):
    (tmp_path / "mails").mkdir()
    for path in sorted(SAMPLES.glob("0[12]-*.eml")):
        shutil.copy(path, tmp_path / "mails")
    operator = Operator(page, deployed)

    run = operator.start("process-mail/process-mail-on-demand", {"source": str(tmp_path / "mails")})
    operator.open_run(run)
    assert operator.wait(run).name == "Completed"
    operator.logged("2 mails: 2 completed")

    line = operator.logged("mails 1-2: 2 read.").inner_text()
    keys = [row["message_key"] for row in read_run(f"sqlite:///{tmp_path / 'data' / 'ledger.db'}", run)]
    assert len(keys) == 2
    assert all(key[:12] in line for key in keys)
    assert "understand" in line

    operator.open_artifact("mailroom-report")
    page.locator("img[src^='data:image/png']").first.wait_for()
    assert operator.complaints() == []
