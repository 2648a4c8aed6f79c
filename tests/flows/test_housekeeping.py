"""The digest and the pruning, over a ledger that a real run has filled."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.flow_engine import run_flow
from prefect.states import Scheduled

from flows.daily_digest import daily_digest
from flows.process_mail import process_mail
from flows.prune_ledger import prune_ledger
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import load_raw
from tasks.ledger.outcomes import read_run
from tasks.report.publish_digest import KEY, days_to_report
from tasks.settings import read_settings

SAMPLES = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox"


@pytest.fixture
def filled(prefect_server, provider_env, tmp_path):
    """The outcome rows of a run over three mails."""
    (tmp_path / "mails").mkdir()
    for path in sorted(SAMPLES.glob("0[126]-*.eml")):
        shutil.copy(path, tmp_path / "mails")
    state = process_mail(str(tmp_path / "mails"), return_state=True)
    return read_run(read_settings().ledger, str(state.state_details.flow_run_id))


def test_the_digest_tells_what_is_urgent_and_what_waits(filled):
    state = daily_digest(day=datetime.now(UTC).date(), return_state=True)

    with get_client(sync_client=True) as client:
        body = {"artifacts": {"flow_run_id": {"any_": [str(state.state_details.flow_run_id)]}}}
        found = {one["key"]: one["data"] for one in client._client.post("/artifacts/filter", json=body).json()}
    digest, costs = found["mailroom-digest"], found["mailroom-costs"]
    assert "3 mails, 1 urgent" in digest
    assert "URGENT: Payment Gateway Issues" in digest
    assert "simulated" in digest
    assert "## By category" in costs
    assert "| URGENT | 2 |" in costs
    assert state.message.endswith("3 mails")


def test_a_day_without_mail_has_a_digest(prefect_server):
    state = daily_digest(day=datetime(2020, 1, 1).date(), return_state=True)

    assert state.message == "2020-01-01: 0 mails"


@pytest.fixture
def digests_of(prefect_server):
    """Puts digests of these days on the server, after those that are there are gone."""
    with get_client(sync_client=True) as client:
        for one in client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[KEY]))):
            client.delete_artifact(one.id)

    def put(*days):
        for day in days:
            create_markdown_artifact(markdown="", key=KEY, description=f"Digest of {day}")

    return put


@pytest.mark.parametrize(
    ("reported", "days"),
    [
        ([], [27]),
        ([26], [27]),
        ([24], [25, 26, 27]),
        ([24, 26], [25, 27]),
        ([1], [27]),  # too long ago
        ([26, 27], [27]),
    ],
)
def test_the_next_digest_reports_the_days_that_were_missed(digests_of, reported, days):
    digests_of(*(date(2020, 5, day) for day in reported))

    assert days_to_report(date(2020, 5, 27)) == [date(2020, 5, day) for day in days]


def test_a_digest_that_began_late_reports_the_day_before_it_was_scheduled_for(digests_of):
    with get_client(sync_client=True) as client:
        due = Scheduled(scheduled_time=datetime(2020, 5, 28, 6, tzinfo=UTC))
        run = client.create_flow_run(daily_digest, state=due)
    state = run_flow(daily_digest, flow_run=run, return_type="state")

    assert state.message == "2020-05-27: 0 mails"


def test_pruning_forgets_bytes_and_answers_but_not_what_became_of_mails(filled):
    keys = [row["message_key"] for row in filled]
    instant = 1e-9

    prune_ledger(answers=instant, mails=instant, skipped=instant, return_state=True)

    engine = open_ledger(read_settings().ledger)
    assert len(list(load_raw(engine, keys))) < len(keys)
    again = process_mail(str(Path("mails").absolute()), return_state=True)
    rows = read_run(read_settings().ledger, str(again.state_details.flow_run_id))
    assert {row["status"] for row in rows} == {"SKIPPED"}


def test_pruning_leaves_young_rows_alone(filled):
    prune_ledger(return_state=True)

    engine = open_ledger(read_settings().ledger)
    assert len(list(load_raw(engine, [row["message_key"] for row in filled]))) == 3
