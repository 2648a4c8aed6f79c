"""What a form and the command line say of a setting is what the settings say."""

from __future__ import annotations

import inspect

from deployments.cli.run import run
from flows.process_mail import process_mail
from tasks.settings import Settings
from tasks.settings.parameters import described_by_settings


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
        "again: Process mails that were processed before, too. Left out, it is what MAILROOM_AGAIN says, else no."
        in text
    )
    assert "other" not in text
