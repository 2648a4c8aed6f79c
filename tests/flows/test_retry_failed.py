import shutil
from pathlib import Path

import pytest

from flows.process_mail import process_mail
from flows.retry_failed import retry_failed
from tasks.ledger.outcomes import read_run
from tasks.settings import read_settings

MAIL = Path(__file__).resolve().parents[2] / "deployments" / "demo" / "sample_mailbox" / "02-payment-gateway.eml"


@pytest.fixture
def failing(prefect_server, provider_env, monkeypatch, tmp_path):
    """A folder with a mail that failed for good, since its answers were cut; the limit is raised by now."""
    (tmp_path / "mails").mkdir()
    shutil.copy(MAIL, tmp_path / "mails" / "one.eml")
    # A model that does not think, so that a low limit cuts its answers.
    monkeypatch.setenv("MAILROOM_ANALYSIS_MODEL", "gpt-4.1-mini")
    monkeypatch.setenv("OPENAI_MAX_TOKENS", "4")
    state = process_mail(str(tmp_path / "mails"), return_state=True)
    assert [row["error_type"] for row in outcomes(state)] == ["VALIDATION_ERROR"]
    monkeypatch.delenv("OPENAI_MAX_TOKENS")
    return tmp_path / "mails"


def outcomes(state):
    return read_run(read_settings().ledger, str(state.state_details.flow_run_id))


def test_a_failed_mail_is_taken_from_the_ledger_even_when_its_source_is_gone(failing):
    (failing / "one.eml").unlink()

    (row,) = outcomes(retry_failed(return_state=True))

    assert (row["id"], row["status"]) == ("email_002", "COMPLETED")
    assert not outcomes(retry_failed(return_state=True))


def test_only_the_named_errors_are_taken_up(failing):
    assert not outcomes(retry_failed(error_types=["TIMEOUT"], return_state=True))
    assert len(outcomes(retry_failed(error_types=["VALIDATION_ERROR"], return_state=True))) == 1


def test_an_error_that_does_not_exist_is_said_before_any_work(failing):
    state = retry_failed(error_types=["TIEMOUT"], return_state=True)

    assert state.name == "Misconfigured"
    assert "TIEMOUT" in state.message
