"""Forms and the command line describe a setting as the settings do."""

from __future__ import annotations

import inspect
from typing import Annotated

import pytest
from prefect.utilities.schema_tools import validate
from pydantic import Field

from deployments.cli.run import run
from flows.process_mail import process_mail
from tasks.settings import Settings
from tasks.settings.parameters import bounds_of, described_by_settings, tells_bounds


def test_the_form_and_the_command_offer_the_same_settings_in_the_same_words():
    form = process_mail.parameters.model_dump()["properties"]

    offered = set(inspect.signature(run).parameters) - {"as_json"}  # how the end is printed is no setting
    assert offered == set(form) <= set(Settings.model_fields)
    for name, shown in form.items():
        assert shown["description"].startswith(Settings.model_fields[name].description), name
        if name != "source":  # the command takes it as an argument, and stdin as well
            assert f"{name}: {shown['description']}" in run.__doc__


def test_what_a_function_says_of_a_parameter_itself_stays():
    def asked(budget_usd: float, again: bool, other: str) -> None:
        """Ask.

        Args:
            budget_usd: For all of them.
        """

    text = described_by_settings(asked).__doc__

    assert "budget_usd: For all of them." in text
    assert (
        "again: Also process mails that were processed before. Left out, it is what MAILROOM_AGAIN says, else no."
        in text
    )
    assert "other" not in text


def test_an_optional_number_tells_its_bounds_and_may_be_left_empty():
    form = process_mail.parameters.model_dump()["properties"]

    assert form["chunk_rows"]["description"].startswith("Mails in one task run. 1 to 500. Left out")
    assert "More than 0." in form["budget_usd"]["description"]
    schema = process_mail.parameters.model_dump()
    for name, wrong in {"chunk_rows": 501, "concurrency": 0, "budget_usd": 0}.items():
        # The forms show a field where there is a type, and an empty one where there is no default.
        assert form[name]["type"] in ("integer", "number")
        assert "default" not in form[name]
        # As the server does; null is what a form sends of a field that was made empty again.
        assert [bool(validate({name: value}, schema)) for value in (None, 1, wrong)] == [False, False, True]
    assert process_mail.validate_parameters({"chunk_rows": None, "budget_usd": 0.5})["budget_usd"] == 0.5


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Field(ge=1, le=500), "1 to 500"),
        (Field(gt=0, le=3_650), "more than 0, at most 3,650"),
        (Field(gt=0), "more than 0"),
        (Field(ge=1), "1 or more"),
        (Field(le=9), "at most 9"),
        (Field(), ""),
    ],
)
def test_bounds_are_told_in_words(field, said):
    assert bounds_of((field,)) == said


def test_the_bounds_of_a_parameter_stand_before_its_words():
    def prune(days: Annotated[int, Field(ge=1, le=9)], name: str) -> None:
        """Forget.

        Args:
            days: How long it is kept.
            name: Of what.
        """

    text = tells_bounds(prune).__doc__

    assert "days: (1 to 9) How long it is kept." in text
    assert "name: Of what." in text
