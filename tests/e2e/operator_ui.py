"""An operator in Prefect's UI: opens a deployment's form, submits it, follows the run, and reads its artifacts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.sync_api import Locator, Page, TimeoutError
from prefect.client.orchestration import get_client

from tests.e2e.resume_form import ResumeForm, Ui

PATIENCE_S = 120
TRIES = 5
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "deployments" / "demo" / "sample_mailbox"

# Prefect's pages look up task runs that its server has not written yet: one by its address, several by a filter.
_NOT_WRITTEN_YET = re.compile(r"status (of|code) (404|503)|Batch lookup failed for id")


def register_everything(api_url: str, project: Path = ROOT) -> None:
    """All of `project`'s prefect.yaml and what it relies on, registered on this server without a question."""
    for command in (
        ["-c", "from deployments.cli.main import main; main()", "register"],
        ["-m", "prefect", "--no-prompt", "deploy", "--all"],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=project, env={**os.environ, "PREFECT_API_URL": api_url},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


class Operator:
    """Does with the browser's page what a person does, and asks Prefect's API only what came of it."""

    def __init__(self, page: Page, api_url: str, ui: Ui = "v1") -> None:
        self.page = page
        self.ui = ui
        self.ui_url = api_url.removesuffix("/api") + ("/v2" if ui == "v2" else "")

    def open_form(self, deployment: str) -> str:
        """Look at the deployment's form; its id."""
        with get_client(sync_client=True) as client:
            deployment_id = client.read_deployment_by_name(deployment).id
        self.page.goto(f"{self.ui_url}/deployments/deployment/{deployment_id}/run")
        self.page.get_by_role("button", name="Submit").wait_for()
        return str(deployment_id)

    def start(self, deployment: str, fields: Mapping[str, str]) -> str:
        """The id of the run that the deployment's form made; only these fields of it were touched."""
        deployment_id = self.open_form(deployment)
        submit = self.page.get_by_role("button", name="Submit")
        for name, value in fields.items():
            self._fill(name, value)
        made = re.compile(f"/deployments/{deployment_id}/create_flow_run$")
        happened, until = [], time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                with self.page.expect_response(made, timeout=10_000) as answer:
                    submit.click(timeout=5_000)
            except TimeoutError:
                happened.append("no answer")  # a form that has just been drawn may not take a click yet
                continue
            # Prefect on SQLite says 503 where two write at once, and its clients ask again; so does a person.
            if answer.value.status != 503:
                assert answer.value.ok, answer.value.text()
                return str(answer.value.json()["id"])
            happened.append("503")
            self.page.wait_for_timeout(1_000)
        raise AssertionError(f"the form of {deployment} makes no run: {', '.join(happened)}")

    def _fill(self, name: str, value: str) -> None:
        titled = re.compile(rf"^{name}( \(Optional\))?$")
        if self.ui == "v1":
            field = self.page.locator(
                ".schema-form-property", has=self.page.locator(".schema-form-property__label", has_text=titled)
            )
            chooser, option = field.locator(".p-select-button__control"), self.page.locator(".p-select-option")
        else:
            field = self.page.locator(".group", has=self.page.locator("label", has_text=titled))
            chooser, option = field.locator("button[aria-haspopup=listbox]"), self.page.get_by_role("option")
        if chooser.count():
            chooser.press("ArrowDown") if self.ui == "v1" else chooser.click()
            option.get_by_text(value, exact=True).click()
        else:
            field.locator("textarea, input").first.fill(value)

    def open_run(self, run_id: str) -> None:
        """Look at the run's page."""
        self.page.goto(f"{self.ui_url}/runs/flow-run/{run_id}")

    def wait(self, run_id: str, *, paused: bool = False) -> Any:
        """The run's last state, or that it is paused; its page shows the state's name by then."""
        while True:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(UUID(run_id)).state
            if state and (state.is_final() or (paused and state.is_paused())):
                break
            time.sleep(0.5)
        self.page.get_by_text(state.name, exact=True).first.wait_for()
        return state

    def logged(self, text: str) -> Locator:
        """The line of the run's log on its page that holds this text."""
        line = self.page.locator(".log-row").filter(has_text=text).first
        try:
            line.wait_for(timeout=10_000)
        except TimeoutError:
            # The page asks for no more lines once the run has ended, and the last ones come late.
            self.page.reload()
            line.wait_for()
        return line

    def answer(self, run_id: str, choices: Mapping[int, str]) -> None:
        """Resume the paused run with a name and these decisions on the effects of its form, counted from 0."""
        form = ResumeForm(page=self.page, ui_url=self.ui_url.removesuffix("/v2"), ui=self.ui).open(run_id)
        form.sign("Ann Operator")
        for number, decision in choices.items():
            form.choose(number, decision)
        for _ in range(TRIES):
            form.submit()
            with suppress(TimeoutError):  # Prefect on SQLite says 503 where two write at once, and the form stays
                form.dialog.wait_for(state="hidden", timeout=10_000)
                return
        raise AssertionError(f"the form of {run_id} stays: {self.complaints()}")

    def open_artifact(self, key: str) -> None:
        """Look at an artifact of the run whose page is open."""
        self.page.get_by_role("tab", name="Artifacts").or_(self.page.get_by_text("Artifacts", exact=True)).first.click()
        self.page.get_by_role("link", name=key).first.click()
        self.page.wait_for_url("**/artifacts/**")

    def complaints(self) -> list[str]:
        """What was fetched from elsewhere, and what the console said but for answers of Prefect's to its own pages."""
        told = self.page.told  # type: ignore[attr-defined]  # by conftest.py
        return [*told.elsewhere, *(line for line in told.errors if not _NOT_WRITTEN_YET.search(line))]
