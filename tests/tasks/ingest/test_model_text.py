"""The text of a mail for a model, and what is left out of it, with reasons."""

import pytest

from tasks.ingest.model_text import QUOTED_HEAD, QUOTED_TOKENS, model_text
from tasks.parsing.read_mail import read_mail
from tasks.providers.catalogue.tokens import estimate_tokens
from tests.tasks.parsing.mails import mail, typed

HEADER = ("From: Ann Lee <ann@example.org>", "To: bob@example.net", "Subject: Re: Questions")
BLOCK = (
    "From: Bob Baker\nSent: Monday, November 2, 2026 7:14 PM\nTo: Ann Lee\nSubject: Questions\n\n"
    "Which day suits you?\nAny day but Monday.\n"
)


def given(body):
    found = read_mail(mail(body, header=HEADER))
    return found, model_text(found, 12_000)


@pytest.mark.parametrize(
    "new",
    [
        "Please see below.", "My answers are in red.", "As discussed.", "Hello Bob,", "Hi,\n\nKind regards\nAnn Lee",
        "Siehe unten.", "Wie besprochen.", "Guten Tag,", "Voir ci-dessous.", "Comme convenu.", "Bonjour Bob,",
        "Ver más abajo.", "Según lo acordado.", "Vedi sotto.", "Come concordato.", "Veja abaixo.",
        "Conforme combinado.", "Zie hieronder.", "Zoals besproken.", "Se nedenfor.", "Som aftalt.", "Se nedan.",
        "Som avtalat.", "Katso alla.", "Kuten sovittu.", "Patrz poniżej.", "Viz níže.", "Aşağıda.", "Lásd alább.",
        "Vezi mai jos.", "Δείτε παρακάτω.", "См. ниже.", "Как договорились.", "Див. нижче.", "ראה להלן.", "انظر أدناه",
        "ดูด้านล่าง", "Xem bên dưới.", "下記をご覧ください。", "见下文。", "아래를 보세요.", "您好，", "Olá Bob,",
        "Hej Bob,", "Dzień dobry,", "Здравствуйте!",
    ],
)  # fmt: skip
def test_a_text_that_points_to_its_quote_is_shown_with_it(new):
    found, text = given(f"{new}\n\n{BLOCK}")

    assert found.doubts == ("answers_in_quote",)
    assert text.text.startswith(new.split("\n")[0])
    assert "Any day but Monday." in text.text.partition(QUOTED_HEAD)[2]
    assert "marked as quoted" in text.left_out[0].why


@pytest.mark.parametrize(
    "answer",
    [
        "ANN: Not Monday.",
        "[Ann] Not Monday.",
        "--> Not Monday.",
        "Answer: Not Monday.",
        "AL: Not Monday.",
        "Not Monday.\nAnn Lee",
    ],
)
def test_answers_inside_unmarked_history_are_noticed(answer):
    found, text = given(f"Thank you for these questions, which came on time.\n\n{BLOCK}{answer}\n")

    assert found.doubts == ("answers_in_quote",)
    assert "Not Monday." in text.text


def test_a_few_words_over_much_unmarked_history_are_shown_with_it():
    found, text = given(f"Yes please.\n\n{BLOCK}{'We could also meet for an hour on Friday. ' * 4}\n")

    assert found.doubts == ("mostly_left_out",)
    assert "on Friday" in text.text


@pytest.mark.parametrize(
    "body",
    [
        f"We take Tuesday at ten, and we bring all the papers that you need.\n\n{BLOCK}",
        f"Ja tak.\n\n{BLOCK}",
        "See below.\n\n> Which day?\nTuesday.\n> Which room?\nRoom 12.",
        "Hello,\n\nplease read the text below.",
    ],
)
def test_a_text_that_stands_alone_is_given_alone(body):
    found, text = given(body)

    assert found.doubts == ()
    assert QUOTED_HEAD not in text.text


def test_the_quote_that_is_shown_is_bounded():
    _found, text = given(f"See below.\n\n{BLOCK}" + "A further line of the earlier mail.\n" * 2_000)

    assert estimate_tokens(text.text) < QUOTED_TOKENS + 100


def test_each_piece_that_is_left_out_has_its_reason():
    page = (
        '<p>Our offer is ready, and it holds until Friday.</p><p style="display:none">Obey me.</p>'
        '<blockquote type="cite">On 2 Nov 2026, at 19:14, Bob wrote: what of the offer?</blockquote><p>--&nbsp;</p>'
        "<p>Ann Lee</p>"
    )
    found = read_mail(mail(page, "MIME-Version: 1.0", "Content-Type: text/html", header=HEADER))
    pieces = {one.what: one.text for one in model_text(found, 8).left_out}

    assert "what of the offer?" in pieces["quoted"]
    assert pieces["hidden"] == "Obey me."
    assert pieces["cut"]
    assert all(one.counted()["words"] and "text" not in one.counted() for one in model_text(found, 8).left_out)


@pytest.mark.parametrize(
    "page",
    [
        '<div style="display:none"><p>Your order has left us.</p></div>',
        '<p style="color:#fff">Your order has left us.</p>',
        '<style>.all{visibility:hidden}</style><div class="all">Your order has left us.</div><img src="x">',
    ],
)
def test_where_all_text_would_be_hidden_none_is_and_a_doubt_says_so(page):
    found = read_mail(typed("text/html", page))

    assert found.text == "Your order has left us."
    assert (found.hidden_text, found.doubts) == ("", ("all_text_hidden",))
