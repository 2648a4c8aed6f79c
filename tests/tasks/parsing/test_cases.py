"""Mails whose right text is known, where MAILROOM_CASES names a folder of them (`mail/*.eml`, `replies/*.eml`)."""

import os
from pathlib import Path

import pytest

from tasks.ingest.model_text import model_text
from tasks.parsing.read_mail import read_mail

CASES = os.environ.get("MAILROOM_CASES", "")
pytestmark = pytest.mark.skipif(not CASES, reason="MAILROOM_CASES names no folder of mails")

# What the text holds, line by line, and what it must not hold.
EXPECTED = {
    "mail/04_words_above_attribution.eml": (
        ["Hello Bob,", "I accept the offer. Please send the contract by Tuesday."], ["Do you"]
    ),
    "mail/05_outlook_forward.eml": (["Please pay this.", "The amount of 500 EUR is due on 1 December."], []),
    "mail/07_contact_form.eml": (["From: Carla Client", "My heater is broken, please send somebody tomorrow."], []),
    "mail/09_dashes_in_text.eml": (["A: repair for 200 EUR", "B: replace for 900 EUR", "Please decide by Friday."], []),
    "mail/10_gmail_html_inline.eml": (["Answers below.", "Tuesday at ten.", "Room 12."], ["Which day?", "Which room?"]),
    "mail/15_white_on_dark_css.eml": (["Your payment of 80 EUR failed."], []),
    "mail/18_danish_outlook_reply.eml": (["Ja tak."], ["Vil du have"]),
    "replies/21-answers-below-outlook-block.eml": (["Please see my answers below.", "ANN: Friday at 5 pm."], []),
    "replies/22-two-dashes-as-divider.eml": (["Order:", "Please cancel order 4720 by Friday."], []),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_a_case_is_read_as_expected(name):
    path = Path(CASES) / name
    if not path.exists():
        pytest.skip(f"{name} is not in the folder")
    held, left_out = EXPECTED[name]
    text = model_text(read_mail(path.read_bytes()), 12_000).text

    assert [line for line in held if line not in text] == []
    assert [line for line in left_out if line in text] == []
