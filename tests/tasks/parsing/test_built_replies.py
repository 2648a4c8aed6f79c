"""A sentence of the author is never lost silently, whatever the client and language, and wherever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.parsing.read_mail import read_mail
from tests.benchmarks.built_replies import CLIENTS, PLACES, build
from tests.benchmarks.reply_languages import TONGUES

# Sentences that look like what clients write.
TRICKY = (
    "On Monday I come at ten: be there.", "Sent from my office, the parcel is late.", "From: here to there it is 5 km.",
    "He wrote: never again.", "We met on 13.11.2026 at 9:00 and Bob wrote to bob@example.net:",
    "The price is 5 > 3 euros.", "Please write to kim@example.com before noon.", "--> take the left door",
    "Date: 2 November 2026 at 19:14 suits us.", "Forwarded to you by mistake, sorry.", "Subject: Chairs",
    "Original message follows by post.", "Yes.", "10:30", "Thanks!", "As I wrote on 1 November 2026 at 10:00:",
    "Best regards are not enough for what you did.", "*** done ***", "A: yes",
    "Dear Bob, this matters a lot to all of us here.", "Hi, can you send the invoice?",
    "1. first thing 2. second thing",
)  # fmt: skip


def words(text):
    return " ".join(text.split())


def is_kept(sentence, mail):
    """Whether the sentence is in the text, or in the quoted part with a doubt."""
    return words(sentence) in words(mail.text) or (words(sentence) in words(mail.quoted) and bool(mail.doubts))


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_author_s_sentence_is_in_the_text_or_in_the_quote_with_a_doubt(client, kind):
    built = [build(client, language, kind, place) for language in TONGUES for place in PLACES]

    assert [one.name for one in built if not is_kept(one.own[0], read_mail(one.raw))] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_history_is_left_out_and_no_doubt_is_cast_on_an_ordinary_answer(client):
    for language in TONGUES:
        for kind in ("plain", "html"):
            built = build(client, language, kind, "top")
            got = read_mail(built.raw)

            assert built.own[0] in got.text, built.name
            assert [old for old in built.old if old in got.text] == [], built.name
            assert got.doubts == (), built.name


@pytest.mark.parametrize("client", CLIENTS)
def test_all_of_a_forward_is_content(client):
    for language in TONGUES:
        for kind in ("plain", "html"):
            built = build(client, language, kind, "top", forward=True)
            got = read_mail(built.raw)

            assert [one for one in (*built.own, *built.old) if one not in got.text] == [], built.name
            assert got.doubts == (), built.name


@given(
    st.sampled_from(list(CLIENTS)), st.sampled_from(list(TONGUES)), st.sampled_from(["plain", "html"]),
    st.sampled_from(PLACES), st.sampled_from(TRICKY),
)  # fmt: skip
def test_sentences_that_look_like_what_clients_write_are_kept_too(client, language, kind, place, sentence):
    built = build(client, language, kind, place, sentence=sentence)

    assert is_kept(sentence, read_mail(built.raw)), built.raw.decode()
