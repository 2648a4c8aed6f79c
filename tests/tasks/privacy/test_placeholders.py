import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tasks.ledger.engine import open_ledger
from tasks.ledger.pseudonyms import LedgerPseudonyms
from tasks.privacy.identifiers import find_identifiers
from tasks.privacy.placeholders import PLACEHOLDER, hide, restore

TEXT = (
    "From: Ann-Marie Müller <ann@company.example>\nHello Bob, Ann-Marie here, call +49 170 1234567 or write to "
    "Ann@Company.example. Pay to DE89 3704 0044 0532 0130 00 please, card 4111 1111 1111 1111. Order 4111111111111112."
)
NAMES = ["Ann-Marie Müller", "Bob Stone"]


class Memory:
    def __init__(self, key=b"k" * 32):
        self._key, self.kept = key, {}

    def key(self):
        return self._key

    def remember(self, originals):
        self.kept.update(originals)


def test_every_known_identifier_is_found_and_nothing_else():
    found = [(one.kind, one.text) for one in find_identifiers(TEXT, NAMES)]

    assert found == [
        ("PERSON", "Ann-Marie Müller"), ("EMAIL", "ann@company.example"), ("PERSON", "Bob"), ("PERSON", "Ann-Marie"),
        ("PHONE", "+49 170 1234567"), ("EMAIL", "Ann@Company.example"), ("IBAN", "DE89 3704 0044 0532 0130 00"),
        ("CARD", "4111 1111 1111 1111"),
    ]  # fmt: skip


def test_what_is_hidden_is_nowhere_in_the_text_and_comes_back_letter_by_letter():
    hidden = hide(TEXT, NAMES, Memory())

    for secret in ("Ann", "Müller", "Bob", "company.example", "1234567", "3704", "4111 1111"):
        assert secret not in hidden.text
    assert restore(hidden.text, hidden.originals) == TEXT


def test_placeholders_are_stable_for_a_key_and_different_for_another():
    first, again, other = (hide(TEXT, NAMES, Memory(key)).text for key in (b"a", b"a", b"b"))

    assert first == again
    assert not set(re.findall(PLACEHOLDER, first)) & set(re.findall(PLACEHOLDER, other))


class Item(BaseModel):
    owner: str | None


class Answer(BaseModel):
    summary: str
    items: list[Item]


def test_answers_are_restored_all_the_way_down_but_never_with_anothers_secrets():
    hidden = hide("From: Bob Stone", ["Bob Stone"], Memory())
    (placeholder,) = hidden.originals
    answer = Answer(
        summary=f"{placeholder.lower()} and EMAIL_AAAAAAAAAA", items=[Item(owner=placeholder), Item(owner=None)]
    )

    restored = restore(answer, hidden.originals)

    assert restored.summary == "Bob Stone and EMAIL_AAAAAAAAAA"
    assert [item.owner for item in restored.items] == ["Bob Stone", None]


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=4))
def test_any_text_comes_back_as_it_was(text, names):
    hidden = hide(text, names, Memory())

    assert restore(hidden.text, hidden.originals) == text


@pytest.mark.parametrize("text", ["a@" * 20_000, "DE12 " * 10_000, "4" * 50_000, "+1 " * 10_000, "A" * 50_000])
def test_hostile_text_is_read_to_its_end(text):
    find_identifiers(text, ["A", "AAA"])


def test_the_ledger_keeps_one_key_and_what_stands_for_what(ledger_url):
    engine = open_ledger(ledger_url)

    assert LedgerPseudonyms(engine).key() == LedgerPseudonyms(engine).key()
    LedgerPseudonyms(engine).remember({"PERSON_A": "Ann"})
    LedgerPseudonyms(engine).remember({"PERSON_A": "Ann"})
