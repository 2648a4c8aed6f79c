"""Categories put before a person, ten at a time: the run pauses with a form, and writes down what was said."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from flows.run.questions import NotAnswered, ask_a_person
from flows.run.run_names import run_name
from tasks.ledger.corrections import Correction, record_corrections
from tasks.ledger.engine import open_ledger
from tasks.ledger.review_queue import worth_a_look
from tasks.report.review import ReviewForm, review_page
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds
from tasks.understand.operator_categories import read_categories

log = logging.getLogger("mailroom.report")

_ASKED = "What is each of these mails? What stands there is confirmed when you send the form."


@flow(name="review-answers", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def review_answers(
    most: Annotated[int, Field(ge=1, le=20)] = 10, wait_hours: Annotated[float, Field(gt=0, le=720)] = 24.0
) -> State[Any]:
    """Show the categories that are most worth a look, and write down what a person says of each.

    The run pauses: open it and press Resume (in the newer UI it is in the menu ⋮) to see the form.

    Args:
        most: Mails on the form: half those the models were least sure of, half drawn at random.
        wait_hours: How long the run waits for an answer.
    """
    engine = open_ledger(read_settings().ledger)
    form = ReviewForm(rows=worth_a_look(engine, most), names=read_categories().names)
    if not form.rows:
        return Completed(name="NothingToReview", message="No outcome waits for a look.")
    create_markdown_artifact(review_page(form.rows), key="review-queue", description="Answers most worth a look")
    log.info("%d answers wait for a look: press Resume, which the newer UI has in its menu ⋮", len(form.rows))
    try:
        answer = ask_a_person(form.input_type(_ASKED), wait_hours * 3600)
    except NotAnswered as why:
        return Completed(name="NothingSaid", message=f"{why}; nothing was written down.")
    made = [
        Correction(message_key=row["message_key"], category=said, was=row["category"], person=person, way="form")
        for person, row, said in form.said_in(answer)
    ]
    record_corrections(engine, made)
    changed = sum(one.category != one.was for one in made)
    return Completed(message=f"{len(made)} answers looked at, {changed} corrected, {len(made) - changed} confirmed.")
