"""What a person teaches in both of Prefect's UIs: categories on the form of a review, and rules for sure senders."""

from __future__ import annotations

import shutil

import pytest
from prefect.client.orchestration import get_client
from prefect.variables import Variable
from sqlalchemy import insert, select

from flows.process_mail import process_mail
from flows.review_answers import review_answers
from flows.suggest_rules import suggest_rules
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import corrections, outcomes
from tasks.presort.sender_rules import VARIABLE
from tasks.settings import read_settings
from tests.e2e.operator_ui import SAMPLES
from tests.e2e.resume_form import UIS, ResumeForm
from tests.e2e.test_approval_in_the_ui import keep_picture
from tests.flows.paused import PausedRun

pytestmark = pytest.mark.soak


@pytest.fixture(autouse=True)
def soon(monkeypatch, prefect_server, provider_env):
    monkeypatch.setattr("flows.run.questions.POLL_S", 0.2)
    Variable.unset(VARIABLE)
    yield
    Variable.unset(VARIABLE)


def form_of(page, prefect_server, ui, run):
    page.set_viewport_size({"width": 1366, "height": 768})
    return ResumeForm(page=page, ui_url=prefect_server.removesuffix("/api"), ui=ui).reach(run.id)


@pytest.mark.parametrize("ui", UIS)
def test_a_category_is_corrected_on_the_form_and_the_others_confirmed(page, prefect_server, tmp_path, ui):
    for path in SAMPLES.glob("0[12]-*.eml"):
        shutil.copy(path, tmp_path)
    process_mail(str(tmp_path), return_state=True)
    reviewing = PausedRun(review_answers)
    form = form_of(page, prefect_server, ui, reviewing.wait())
    subject = "2 of 2"
    keep_picture(page, f"review-{ui}")

    form.sign("Bea")
    form.choose(0, "PERSONAL", title=subject)
    form.submit()

    assert reviewing.end().message == "2 answers looked at, 1 corrected, 1 confirmed."
    c = corrections.c
    with open_ledger(read_settings().ledger).begin() as connection:
        said = connection.execute(select(c.category, c.person, c.way).where(c.category != c.was)).all()
    assert [tuple(one) for one in said] == [("PERSONAL", "Bea", "form")]
    assert page.told.elsewhere == []


@pytest.mark.parametrize("ui", UIS)
def test_one_of_two_suggested_senders_is_taken_over_with_one_choice(page, prefect_server, ui):
    rows = [("news@a.example", "MARKETING")] * 30 + [("alerts@a.example", "OTHER")] * 20
    with open_ledger(read_settings().ledger).begin() as connection:
        for number, (sender, category) in enumerate(rows):
            row = {"sender": sender, "sorted_by": "model", "needs_reply": False}
            connection.execute(
                insert(outcomes).values(
                    run_id="r", message_key=f"m{number}", status="COMPLETED", processed_at=float(number),
                    category=category, row=row,
                )
            )  # fmt: skip
    suggesting = PausedRun(suggest_rules)
    form = form_of(page, prefect_server, ui, suggesting.wait())
    keep_picture(page, f"suggest-{ui}")

    form.sign("Bea")
    form.choose(0, "take it over", title="alerts@a.example is always OTHER")
    form.submit()

    assert suggesting.end().message.startswith("1 rules taken over by Bea: alerts@a.example → OTHER.")
    with get_client(sync_client=True) as client:  # `Variable.get` is another one while a browser's loop runs
        kept = client.read_variable_by_name(VARIABLE)
    assert kept
    assert [(one["sender"], one["category"]) for one in kept.value] == [("alerts@a.example", "OTHER")]
    assert page.told.elsewhere == []
