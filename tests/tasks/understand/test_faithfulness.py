"""What an answer says and its mail does not is doubted, and what only reads differently is not."""

from __future__ import annotations

import pytest

from tasks.understand.checks import doubts_of
from tasks.understand.faithfulness import MailFacts, unfaithful
from tests.made_rows import message_row

TEXT = (
    "Dear Mr. Chen,\nplease do not pay invoice RE-2231 of 1.250,50 EUR before 7 May 2026. Maria Lindqvist will send a "
    "corrected one by Friday. The meeting at 3 pm in room 12 stands. 40 % of the 1,200 units are ready at acme.example."
)


def doubts(summary: str = "", *, mail: dict | None = None, **answer: object) -> list[str]:
    row = message_row(text=TEXT, date="2026-05-04T08:00:00Z", sender="Ann Ode <ann@a.example>", **(mail or {}))
    return unfaithful({"summary": summary, **answer}, MailFacts(row))


@pytest.mark.parametrize(
    "summary",
    [
        "Invoice RE-2231 over €1,250.50 must not be paid before May 7, 2026.",
        "Invoice 2231 (1250.50 euros) is not to be paid before 2026-05-07.",
        "It names 3 points; the meeting is at 15:00 in room 12.",
        "A corrected invoice comes by 8 May, from Lindqvist. It is not to be paid yet.",  # the Friday after the date
        "1200 units, 40% of them ready, says Ann Ode. Mr. Chen should not pay.",
        "Ｍay 7, 2026 is the day; ４０ per cent are ready, and nothing is to be paid.",
        "Acme.example has 1.2 thousand units. The invoice must not be paid.",
    ],
)
def test_what_only_reads_differently_is_not_doubted(summary: str) -> None:
    assert doubts(summary) == []


@pytest.mark.parametrize(
    ("summary", "doubt"),
    [
        ("Invoice RE-2213 is not to be paid.", "summary_numbers"),
        ("The sum is not 1,520.50 EUR.", "summary_numbers"),
        ("They do not want 1,250.50 US dollars: $1,250.50.", "summary_numbers"),
        ("It is not 45 % of the units.", "summary_numbers"),
        ("A corrected invoice comes from Peter Johansson, so do not pay.", "summary_names"),
        ("A corrected invoice comes from Maria Johansson, so do not pay.", "summary_names"),
        ("A corrected invoice comes from Lindqvist Karl Johansson, so do not pay.", "summary_names"),
        ("The units are at evil.example and nothing is to be paid.", "summary_addresses"),
        ("Mr. Chen is asked to pay the invoice of 7 May.", "negation_lost"),
    ],
)
def test_what_the_mail_does_not_say_is_doubted(summary: str, doubt: str) -> None:
    assert doubts(summary) == [doubt]


def test_numbers_that_a_picture_may_hold_are_not_doubted() -> None:
    assert doubts("The total is not 9,999 EUR.", mail={"media": ["a picture"]}) == []


@pytest.mark.parametrize(
    ("text", "summary", "language", "lost"),
    [
        ("Bitte überweisen Sie den Betrag nicht. Zahlung folgt.", "Der Betrag soll überwiesen werden.", "de", False),
        ("Die Anlage wurde nicht geliefert.", "Die Anlage wurde geliefert, schreibt er.", "de", True),
        ("The parts were never delivered.", "The parts were delivered to the plant.", "en", True),
        ("The parts were never delivered.", "The parts did not arrive at the plant.", "en", False),
        ("Could you confirm? I do not have it yet.", "She wants to have it confirmed.", "en", False),
        ("If you do not answer by May, we close the account.", "They want an answer by May.", "en", False),
        ("Why don't we meet at the plant?", "He suggests to meet at the plant.", "en", False),
        ("I have not received the invoice.", "She asks for the invoice.", "en", False),
        ("La factura no fue pagada por el banco.", "La factura fue pagada por el banco.", "es", True),
        ("If we do not act today, no customer can sign in. We act at noon.",
         "If we do act today, no customer can sign in.", "en", True),
        ("Wenn die Pumpe nicht bis Freitag geliefert wird, steht die Anlage.",
         "Wenn die Pumpe bis Freitag geliefert wird, steht die Anlage.", "de", True),
        ("Nous n'avons pas reçu la machine. Le client ne peut jamais ouvrir cette porte du magasin.",
         "Le client peut ouvrir cette porte du magasin.", "fr", True),
        ("We cannot ship three boxes before Monday.", "We refuse to ship three boxes before Monday.", "en", False),
        ("The invoice is not paid by the bank yet.", "The invoice of the bank is unpaid yet.", "en", False),
        ("The pump is not due on Friday. The pump is due on Monday.", "The pump is due on Monday.", "en", False),
        ("We do not ship large boxes on Monday. We ship large boxes on Monday afternoon.",
         "They ship large boxes on Monday afternoon.", "en", False),
        ("This is not only a good offer for your whole company.", "This is a good offer for your whole company.", "en",
         False),
    ],
)  # fmt: skip
def test_a_denial_is_lost_only_where_the_summary_says_the_opposite(
    text: str, summary: str, language: str, lost: bool
) -> None:
    row = message_row(text=text, language=language)
    assert ("negation_lost" in unfaithful({"summary": summary}, MailFacts(row))) is lost


def test_a_meeting_that_is_called_off_is_not_summarised_as_one_that_takes_place() -> None:
    row = message_row(subject="Cancelled: meeting on Thursday", text="See you another time.")
    assert unfaithful({"summary": "The meeting is on Thursday."}, MailFacts(row)) == ["negation_lost"]
    assert unfaithful({"summary": "The meeting on Thursday was called off."}, MailFacts(row)) == []


@pytest.mark.parametrize(
    ("translation", "doubt"),
    [
        ("Rechnung 2231 über 1.250,50 € von Maria Lindqvist bis 15 Uhr nicht zahlen.", []),
        ("Rechnung 2231 über 1.520,50 € von Maria Lindqvist bis 15 Uhr nicht zahlen.", ["translation_numbers"]),
        ("Rechnung 2231 über 1.250,50 € von Peter Schmidt bis 15 Uhr nicht zahlen.", ["translation_names"]),
        ("マリアさんの請求書2231（1250.50ユーロ）は午後3時まで支払わないでください。", []),
    ],
)
def test_a_translation_keeps_numbers_and_names(translation: str, doubt: list[str]) -> None:
    summary = "Do not pay invoice 2231 of 1,250.50 EUR from Maria Lindqvist until 3 pm."
    assert doubts(summary, translation=translation) == doubt


@pytest.mark.parametrize(
    ("summary", "translation", "doubt"),
    [
        ("Réunion jeudi à 14 heures.", "The meeting is on Thursday at two in the afternoon.", []),
        ("Das Treffen beginnt um 17 Uhr.", "The meeting begins at five in the evening.", []),
        ("La reunión es a las 15:00 del jueves.", "The meeting is at three on Thursday.", []),
        ("Réunion jeudi à 14 heures.", "The meeting is on Thursday at 3 pm.", ["translation_numbers"]),
        ("Das Treffen beginnt um 17 Uhr.", "The meeting begins at 18:00.", ["translation_numbers"]),
        ("Die Frist endet nach 15 Tagen.", "The time is over after fifty days.", ["translation_numbers"]),
    ],
)
def test_an_hour_may_be_translated_into_words(summary: str, translation: str, doubt: list[str]) -> None:
    facts = MailFacts(message_row(text=summary, language=""))
    assert unfaithful({"summary": summary, "translation": translation}, facts) == doubt


@pytest.mark.parametrize(
    ("item", "doubt"),
    [
        ({"owner": "Maria Lindqvist", "due": "Friday"}, []),
        ({"owner": "you", "due": "by 8 May"}, []),
        ({"owner": None, "due": None}, []),
        ({"owner": "Peter Johansson", "due": None}, ["owner_not_in_mail"]),
        ({"owner": None, "due": "Tuesday"}, ["due_not_in_quote"]),
        ({"owner": None, "due": "31 August"}, ["due_not_in_quote"]),
    ],
)
def test_an_items_owner_and_due_stand_where_its_quote_does(item: dict[str, object], doubt: list[str]) -> None:
    quote = "Maria Lindqvist will send a corrected one by Friday"
    assert doubts(action_items=[{"text": "Send it", "quote": quote, **item}]) == doubt


def test_a_task_that_the_mail_forbids_is_doubted() -> None:
    item = {"text": "Pay invoice RE-2231", "owner": None, "due": None, "quote": "please do not pay invoice RE-2231"}
    assert doubts(action_items=[item]) == ["negation_lost"]
    assert doubts(action_items=[item | {"text": "Leave invoice RE-2231 unpaid"}]) == []


def test_replies_have_no_number_that_the_mail_has_not() -> None:
    assert doubts(replies=["We pay 1,250.50 EUR on 7 May.", "Thank you.", "No."]) == []
    assert doubts(replies=["You get a refund of 500 EUR.", "Thank you.", "No."]) == ["reply_numbers"]


def test_doubts_of_faithfulness_stand_among_the_others() -> None:
    found = doubts_of({"summary": "Only 99 units. No more."}, message_row(text=TEXT), None)
    assert found == ["summary_numbers"]
