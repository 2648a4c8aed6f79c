"""The second reader: accepted replies are sent, corrected ones are checked again, others wait for a person."""

import pytest

from tasks.act.plan import SecondReading
from tasks.errors import BudgetExceeded, Misconfigured, TimedOut
from tasks.opinions import Opinion
from tests.tasks.act.office import Office

DRAFT = {"action": "draft_reply", "hold": False}


class Reader:
    """Says what it was told to say, in turn, and keeps what it was shown."""

    def __init__(self, *said):
        self.said = list(said)
        self.read = []

    def __call__(self, mail, text):
        self.read.append(text)
        said = self.said.pop(0)
        if isinstance(said, Exception):
            raise said
        word, text = said
        return Opinion(word=word, problems=("tone",) if word != "accept" else (), text=text, reader="reader-1")


@pytest.fixture
def ask(ledger_url):
    office = Office(ledger_url)
    office.receive()

    def asked(*said):
        reader = Reader(*said)
        office.act(DRAFT, review=SecondReading(actions=frozenset({"draft_reply"}), read_again=reader))
        return office.effects()[0], reader

    return asked


def test_what_is_accepted_leaves_as_it_was(ask):
    effect, reader = ask(("accept", ""))

    assert (effect.state, effect.content["review"]) == ("done", ["reader-1: accept"])
    assert reader.read == ["Wir sehen es uns an – danke."]


def test_what_is_mended_is_read_once_more(ask):
    effect, reader = ask(("fix", "Wir prüfen es."), ("accept", ""))

    assert (effect.state, effect.content["text"]) == ("done", "Wir prüfen es.")
    assert reader.read == ["Wir sehen es uns an – danke.", "Wir prüfen es."]


@pytest.mark.parametrize(
    "said",
    [
        [("to_a_person", "")],
        [("fix", "Eins."), ("fix", "Zwei.")],
        [("fix", "Siehe https://evil.example")],
        [("fix", "")],
        [TimedOut("late")],
        [BudgetExceeded("spent")],
        [Misconfigured("no key")],
    ],
)
def test_everything_else_waits_for_a_person_with_the_first_text(ask, said):
    effect, reader = ask(*said)

    assert (effect.state, effect.needs_approval) == ("held", True)
    assert effect.content["text"] == "Wir sehen es uns an – danke."
    assert "second reader" in effect.detail
    assert reader.said == []


def test_replies_that_are_not_reviewed_are_not_read(ledger_url):
    office, reader = Office(ledger_url), Reader()
    office.receive()

    (done,) = office.act(DRAFT, review=SecondReading(actions=frozenset({"send_reply"}), read_again=reader))

    assert (done["state"], reader.read) == ("done", [])
