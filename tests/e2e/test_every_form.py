"""An operator's first day: every deployment of prefect.yaml is run from its form in a browser, on a new server.

The cases run in the order they are written. What one leaves is work for the next: a failed mail, a batch, held replies.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from deployments.demo.steps import pause_schedules
from deployments.local import processes, server
from deployments.local.worker import NAME as WORKER
from deployments.local.worker import ensure_worker
from tasks.mailbox import inbox
from tests.conftest import RunningSimulator
from tests.e2e.operator_ui import ROOT, SAMPLES, Operator, register_everything
from tests.services.dovecot import Dovecot

pytestmark = pytest.mark.soak


@dataclass(frozen=True)
class Case:
    """A form, what a person must fill in (`{mails}` is this day's folder), and the state that tells what happened."""

    deployment: str
    state: str
    told: str
    """What the state's message is, as a regular expression."""
    fields: dict[str, str] = field(default_factory=dict)
    decides: bool = False
    """Whether the run pauses for decisions."""


SIMULATED = r"\$\d+\.\d{4}, answers simulated(; effects: .+)?"
DAY = [
    Case("review-answers/review-answers", "NothingToReview", r"No outcome waits for a look\."),
    Case("suggest-rules/suggest-rules", "NothingToSuggest", r"0 rules; no sender is sure enough for another\."),
    Case("train-triage/train-triage-weekly", "TooFewMails", r"0 mails to learn from; 200 are wanted\."),
    Case("evaluate/evaluate", "Misconfigured", r".*/no/such/labels\.csv.*", {"labels": "/no/such/labels.csv"}),
    Case("process-mail/process-mail-demo", "Completed", rf"30 mails: 29 completed, 1 failed, {SIMULATED}"),
    Case(
        "approve-replies/approve-replies-demo", "Completed", r"1 approved, 1 now done, \d+ waits\. Draft a reply to .*",
        decides=True,
    ),
    Case("approve-replies/approve-replies-mornings", "NothingHeld", r"Nothing is held\. .*`dry_runs`.*"),
    Case("process-mail/process-mail-hourly", "Completed", rf"3 mails: 2 completed, 1 failed, {SIMULATED}"),
    Case("process-mail/process-mail-inbox", "Completed", rf"2 mails: 2 completed, {SIMULATED}"),
    Case("process-mail/process-mail-mailbox", "Completed", rf"1 mail: 1 completed, {SIMULATED}", {"source": "imap://office"}),
    Case(
        "process-mail/process-mail-mailbox", "Misconfigured", r".*no block `mailbox/nobody`.*make one under Blocks.*",
        {"source": "imap://nobody"},
    ),
    Case(
        "process-mail/process-mail-on-demand", "Completed", r"2 mails: 2 processing, .*",
        {"source": "{mails}/economy", "mode": "economy"},
    ),
    Case("process-mail/process-mail-on-demand", "Misconfigured", r".*/no/such/folder.*", {"source": "/no/such/folder"}),
    Case("collect-batches/collect-batches", "Completed", r"0 .* 1 collected with 2 results; 2 mails: 2 processing, .*"),
    Case("collect-batches/collect-batches", "Completed", r"0 .* 2 collected with 2 results; 2 mails: 2 completed, .*"),
    Case("collect-batches/collect-batches", "Completed", r"0 batches sent, 0 open, 0 collected with 0 results"),
    Case("retry-failed/retry-failed-nightly", "Completed", r"1 mail: 1 failed, .*"),
    Case("reconcile-effects/reconcile-effects", "Completed", r"Nothing was left open\."),
    Case("process-large/process-large", "Completed", r"6 mails in 3 runs: 6 completed", {"source": "{mails}/large"}),
    Case(
        "process-share/process-share", "Completed", r"0 mails: \$0\.0000",
        {"source_name": "{mails}/large", "until": str(int(time.time())), "part_of": "by hand"},
    ),
    Case("daily-digest/daily-digest", "Completed", r"\d{4}-\d\d-\d\d: 0 mails"),
    Case("prune-ledger/prune-ledger-nightly", "Completed", r"0 answers, .* forgotten"),
]  # fmt: skip


def test_the_day_leaves_no_deployment_out():
    wanted = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    names = {f"{Path(one['entrypoint'].partition(':')[0]).stem.replace('_', '-')}/{one['name']}" for one in wanted}
    assert {case.deployment for case in DAY} == names


@dataclass(frozen=True)
class Office:
    """A Mailroom that was just installed, with mail waiting."""

    api_url: str
    mails: Path


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory, _simulator_process: RunningSimulator, dovecot: Dovecot
) -> Iterator[Office]:
    """A clean Prefect server, all of prefect.yaml on it, a worker, the simulator, and mail in each kind of place."""
    folder = tmp_path_factory.mktemp("office")
    project = folder / "project"
    project.mkdir()
    for name in ("flows", "tasks", "deployments", "prefect.yaml"):
        (project / name).symlink_to(ROOT / name)
    api_url = server.ensure_server(folder).api_url
    try:
        with (
            pytest.MonkeyPatch.context() as patched,
            temporary_settings({PREFECT_API_URL: api_url, PREFECT_HOME: folder / "prefect"}),
        ):
            for name, value in _simulator_process.environment.items():
                patched.setenv(name, value)
            patched.setenv("MAILROOM_SIMULATOR_URL", _simulator_process.url)
            patched.setenv("MAILROOM_DATA_DIR", str(folder / "data"))
            patched.setenv("MAILROOM_OUTPUT_DIR", str(folder / "out"))
            patched.setenv("MAILROOM_SOURCE", str(folder / "mails" / "usual"))
            register_everything(api_url, project)
            asyncio.run(pause_schedules())  # one that comes due would be in a form's way
            deliver(folder, dovecot)
            ensure_worker(folder, api_url, "mailroom")
            yield Office(api_url, folder / "mails")
    finally:
        for name in (WORKER, server.NAME):
            processes.end(folder, name)


def deliver(folder: Path, dovecot: Dovecot) -> None:
    """Sample mails, put where the deployments look for mail; each mail into one place."""
    account = dovecot.new_account()
    account.block().save("office", _sync=True)
    account.deliver([sample(1).read_bytes()])
    for number in (2, 3):
        inbox.put(folder / "data" / "inbox", sample(number).read_bytes(), f"{number}.eml")
    for name, numbers in {"usual": (4, 5, 28), "economy": (6, 7), "large": range(8, 14)}.items():
        (folder / "mails" / name).mkdir(parents=True)
        for number in numbers:
            shutil.copy(sample(number), folder / "mails" / name)


def sample(number: int) -> Path:
    """One of the sample mails."""
    (path,) = SAMPLES.glob(f"{number:02d}-*.eml")
    return path


@pytest.mark.parametrize("case", DAY, ids=lambda case: f"{case.deployment} {case.state}")
def test_a_form_makes_a_run_that_ends_as_it_should_and_says_so(case, office, page):
    operator = Operator(page, office.api_url)

    run = operator.start(case.deployment, {k: v.format(mails=office.mails) for k, v in case.fields.items()})
    operator.open_run(run)
    state = operator.wait(run, paused=case.decides)
    if case.decides:
        operator.answer(run, {0: "approve"})
        while (state := operator.wait(run, paused=True)).is_paused():
            operator.answer(run, {})

    assert state.name == case.state, state.message
    assert re.fullmatch(case.told, state.message, re.DOTALL), state.message
    operator.logged(state.message)
    assert operator.complaints() == []
