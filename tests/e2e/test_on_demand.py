"""From `prefect deploy --all` on a server that knows nothing to a run that a person starts from the form in the UI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from prefect.client.orchestration import get_client

from deployments.local import processes
from deployments.local.worker import NAME, ensure_worker

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def deployed(prefect_server):
    """Everything in prefect.yaml, registered without a question."""
    for command in (
        ["-c", "from deployments.cli.main import main; main()", "register"],
        ["-m", "prefect", "--no-prompt", "deploy", "--all"],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env={**os.environ, "PREFECT_API_URL": prefect_server},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
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


def run_of(deployment_id):
    """The newest run of a deployment; null when there is none."""
    body = {"deployments": {"id": {"any_": [str(deployment_id)]}}, "sort": "EXPECTED_START_TIME_DESC", "limit": 1}
    with get_client(sync_client=True) as client:
        runs = client._client.post("/flow_runs/filter", json=body).json()
    return runs[0]["id"] if runs else None


def submit(page, deployment_id, source):
    """The id of the run that the form made; a form that was not ready yet is filled in and submitted again."""
    button = page.get_by_role("button", name="Submit")
    for _ in range(20):
        if button.is_visible():
            page.locator("textarea").first.fill(source)  # the form's first field is the source
            button.click()
        page.wait_for_timeout(3_000)
        run = run_of(deployment_id)
        if run:
            return run
    raise AssertionError("the form makes no run")


def test_a_person_starts_a_run_from_the_form_and_reads_its_log_and_artifacts(worker, deployed, page, tmp_path):
    (tmp_path / "mails").mkdir()
    for path in sorted(SAMPLES.glob("0[12]-*.eml")):
        shutil.copy(path, tmp_path / "mails")
    ui = deployed.removesuffix("/api")
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("process-mail/on-demand")

    page.goto(f"{ui}/deployments/deployment/{deployment.id}/run")
    page.get_by_text("Where the mail lies").wait_for()
    run = submit(page, deployment.id, str(tmp_path / "mails"))
    page.goto(f"{ui}/runs/flow-run/{run}")
    page.get_by_text("Completed", exact=True).first.wait_for(timeout=120_000)
    page.get_by_text("2 mails: 2 completed").first.wait_for()

    page.get_by_role("tab", name="Artifacts").or_(page.get_by_text("Artifacts", exact=True)).first.click()
    page.get_by_role("link", name="mailroom-report").first.click()
    page.wait_for_url("**/artifacts/**")
    page.locator("img[src^='data:image/png']").first.wait_for()
    assert page.told.elsewhere == []
    assert [line for line in page.told.errors if "404" not in line] == []
