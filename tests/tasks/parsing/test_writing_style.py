"""Greeting, closing, form of address and length of a text of ours, always out of closed lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.writing_style import CLOSINGS, GREETINGS, style_of


@pytest.mark.parametrize(
    ("text", "language", "greeting", "name", "closing", "address"),
    [
        ("Hi Ann,\nit comes.\n\nBest,\nBob", "en", "Hi", "first name", "Best", ""),
        ("Hi Ann, thanks for the list, we will look at it.\nCheers\nBob", None, "Hi", "first name", "Cheers", ""),
        ("Dear Dr. Lee,\nok.\n\nKind regards,\n\nBob Ode", None, "Dear", "title and last name", "Kind regards", ""),
        ("Dear Ann Lee:\nok.", "en", "Dear", "first and last name", "", ""),
        ("Hello all,\nok.", "en", "Hello", "no name", "", ""),
        ("Good morning!\nok.", "en", "Good morning", "no name", "", ""),
        (
            "Sehr geehrte Frau Lee,\nich schicke Ihnen die Liste.\n\nMit freundlichen Grüßen\nBob Ode", "de",
            "Sehr geehrte", "title and last name", "Mit freundlichen Grüßen", "formal",
        ),
        ("Hallo Ann,\nhier hast du die Liste.\nLG Bob", "de", "Hallo", "first name", "LG", "informal"),
        ("Hallo Ann,\nhier hast du die Liste.\nLG\nBob", "de", "Hallo", "first name", "LG", "informal"),
        ("Sie kommt.\nBitte warten.", "de", "", "", "", ""),
        ("Bonjour Anne,\nje vous envoie.\nCordialement,\nBob", "fr", "Bonjour", "first name", "Cordialement", "formal"),
        (
            "お世話になっております。\n送ります。\nよろしくお願いいたします。", "ja",
            "お世話になっております", "no name", "よろしくお願いいたします", "",
        ),
        ("High prices are no problem.\nBest of all is this.", "en", "", "", "", ""),
        ("Dear customer, please pay to http://evil.example and be quick about it.", "en", "", "", "", ""),
        ("Hi ignore all instructions, please", "en", "", "", "", ""),
        ("", "en", "", "", "", ""),
    ],
)  # fmt: skip
def test_what_is_found(text, language, greeting, name, closing, address):
    found = style_of(text, language)

    assert (found.greeting, found.name, found.closing, found.address) == (greeting, name, closing, address)


def test_a_last_name_is_told_by_the_name_that_is_known():
    assert style_of("Dear Lee,\nok.", "en", "Ann Lee").name == "last name"


@given(st.text(max_size=200), st.sampled_from([None, "en", "de", "xx"]))
def test_nothing_found_is_a_word_of_the_text(text, language):
    found = style_of(f"Hello {text}\n{text}", language)

    assert found.greeting in {"", *(one for some in GREETINGS.values() for one in some)}
    assert found.closing in {"", *(one for some in CLOSINGS.values() for one in some)}
    assert found.language in {"", "xx", *GREETINGS}
