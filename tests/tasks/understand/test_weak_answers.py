"""Weak answers of small models: each kind is detected, and a good answer is not marked."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.understand import dates, scripts, weak_answers
from tasks.understand.dates import days_in
from tasks.understand.weak_answers import is_sentence, triage_doubts, weak_answer_doubts
from tests.made_rows import message_row

TEXT = """Hello team,

the delivery for order 4711 did not arrive on 12 March 2026 as promised. Please tell us by next Friday when it comes,
and who of you looks after it. Our customers in the north have been waiting since the 3rd of February.

Ann Lee"""
MAIL = message_row(subject="Order 4711", text=TEXT, date="2026-03-14T09:00:00Z")
GOOD: dict[str, Any] = {
    "summary": "The delivery for order 4711 did not arrive on 12 March. Ann asks for a new date by 20 March 2026.",
    "translation": "Die Lieferung zur Bestellung 4711 kam am 12. März nicht an. Ann bittet um einen neuen Termin.",
    "action_items": [{"text": "Tell Ann when it comes", "owner": None, "due": "next Friday", "quote": "tell us by"}],
    "replies": ["Thank you, we look into it.", "It comes on Monday.", "We have no date yet, sorry."],
}


def doubts(target: str = "de", mail: dict[str, Any] = MAIL, **changed: Any) -> list[str]:
    return weak_answer_doubts(GOOD | changed, mail, target)


def test_a_good_answer_has_no_doubts() -> None:
    assert doubts() == []
    assert (
        doubts(target="ja", translation="注文4711は3月12日に届きませんでした。Annさんは新しい日付を求めています。")
        == []
    )


@pytest.mark.parametrize(
    "replies",
    [
        ["Thank you, we look into it.", "Thank you, we look into it!", "No."],
        ["Noted.", "Sorry for that.", "noted"],
        ["承知しました。", "後で連絡します。", "承知しました"],
    ],
)
def test_replies_that_say_the_same_are_seen_whatever_their_marks(replies: list[str]) -> None:
    assert "replies_alike" in doubts(replies=replies)


@pytest.mark.parametrize(
    "bare", ["meeting", "Yes", "12", "...", '{"text": "Thanks for it."}', "- reply", "", "Ann Lee"]
)
def test_a_reply_that_is_no_sentence_is_seen(bare: str) -> None:
    assert "reply_no_sentence" in doubts(replies=[bare, "It comes on Monday.", "We have no date yet, sorry."])


@pytest.mark.parametrize(
    "whole",
    ["Fine.", "承知しました。", "Gracias, lo miramos hoy", "धन्यवाद।", "هل يناسبك الغد؟", "Will do!", 'He said "no."'],
)
def test_a_short_sentence_is_one(whole: str) -> None:
    assert is_sentence(whole)


@pytest.mark.parametrize(
    "echo",
    [
        "string", "Summary", "<summary>", "Reply 1", "Response 2:",
        "2 to 3 sentences in the mail's language, names as they stand.",
        "Dear [Your Name], the order comes.", "Hello {{name}}, thank you.", "Dear <recipient name>, thank you.",
        "[mail ab12] The order did not come.", "three different ones to the sender, brief, professional",
        "It comes on ____.",
        "Lorem ipsum",
    ],
)  # fmt: skip
def test_the_question_or_a_form_given_back_is_seen(echo: str) -> None:
    assert "template_echo" in doubts(replies=[echo, "It comes on Monday.", "We have no date yet, sorry."])
    assert "template_echo" in doubts(summary=echo)


def test_blanks_and_brackets_of_the_mail_itself_are_no_echo() -> None:
    mail = MAIL | {"text": f"{TEXT}\n[ticket four] ____"}
    assert doubts(mail=mail, summary="[ticket four] is about order 4711. It is late.") == []


def test_a_reply_that_repeats_the_mail_is_seen() -> None:
    said = "Please tell us by next Friday when it comes."
    assert "reply_repeats_mail" in doubts(replies=[said, "It comes on Monday.", "We have no date yet, sorry."])


@pytest.mark.parametrize(
    "invented",
    [
        "It is due on 2023-10-05.", "The delivery was due on 12 March 2023.", "It comes on October 5th.",
        "Ann wants it by 05/10/2023.", "納期は10月5日です。", "Es kommt am 5. Oktober.",
        "Llega el 5 de octubre de 2026.",
    ],
)  # fmt: skip
def test_a_date_that_the_mail_does_not_name_is_seen(invented: str) -> None:
    assert "invented_date" in doubts(summary=invented)
    assert "invented_date" in doubts(replies=[invented, "It comes on Monday.", "We have no date yet, sorry."])


@pytest.mark.parametrize(
    "known",
    [
        "It was due on 2026-03-12.", "It was due on 03/12/2026.", "It was due on 12/3/26.",
        "Since February 3 they wait.",
        "Am 12. März kam nichts.", "3月12日に届きませんでした。", "They want an answer by 20 March.",
        "Order 4711 of 2 pieces is late.",
        "It was due at 12.03.", "In March they ordered 5 pieces.",
    ],
)  # fmt: skip
def test_a_date_of_the_mail_in_another_form_or_reckoned_from_its_own_is_known(known: str) -> None:
    assert "invented_date" not in doubts(summary=known)


def test_a_date_may_come_from_what_was_sent_beside_the_text() -> None:
    assert "invented_date" not in doubts(mail=MAIL | {"media": [object()]}, summary="It is due on 2031-10-05.")


@pytest.mark.parametrize(
    ("target", "translation"),
    [
        ("ja", "The order is late."), ("en", "注文が遅れています。新しい日付が必要です。"),
        ("ru", "Заказ 请求 опоздал и новый срок нужен."),
        ("en", "The customer 要求 a new date for the order."), ("de", "Заказ опоздал, нужен новый срок."),
        ("zh", "주문이 늦었습니다. 새 날짜가 필요합니다."),
    ],
)  # fmt: skip
def test_a_translation_in_another_script_is_seen(target: str, translation: str) -> None:
    assert "translation_language" in doubts(target=target, translation=translation)


@pytest.mark.parametrize(
    ("target", "translation"),
    [
        ("ja", "OpenAI GPT-6 の API が遅れています。"), ("ko", "주문 4711이 늦었습니다. Ann Lee가 기다립니다."),
        ("sr", "Porudžbina kasni."),
        ("zh-TW", "訂單遲到了，需要新的日期。"), ("ru", "Ann Lee ждёт заказ от Acme Logistics."),
        ("de", "µ-Wert bei Ω"),
    ],
)  # fmt: skip
def test_names_in_latin_letters_are_at_home_everywhere(target: str, translation: str) -> None:
    assert "translation_language" not in doubts(target=target, translation=translation)


def test_names_that_the_mail_has_in_its_own_script_may_stay() -> None:
    mail = MAIL | {"text": "山田太郎さんの注文が遅れています。", "language": "ja"}
    assert "translation_language" not in doubts(
        target="en", mail=mail, translation="The order of 山田太郎 is late and he asks for a new date."
    )


@pytest.mark.parametrize(
    ("language", "text", "summary"),
    [
        ("ja", "注文が遅れています。金曜日までに新しい日付を教えてください。",
        "The order is late. They ask for a new date."),
        ("de", "Die Lieferung kam leider nicht an, bitte melden Sie sich bis Freitag bei uns.",
         "The delivery did not arrive as it was promised. They ask us to get in touch with them by Friday."),
        ("en", "The order is late. Please tell us the new date.", "订单延迟了。请告诉我们新的日期。"),
    ],
)  # fmt: skip
def test_a_summary_in_another_language_than_its_mail_is_seen(language: str, text: str, summary: str) -> None:
    assert "summary_language" in doubts(mail=MAIL | {"text": text, "language": language}, summary=summary)


def test_a_foreign_sentence_of_the_mail_is_no_summary_in_its_language() -> None:
    said = "Wir schicken Ihnen am Montag zwei neue Geräte und bitten Sie bis dahin herzlich um Geduld."
    text = f"We need help with the login since Friday, and the printer is broken, too.\n\nPlease reply with: {said}"
    assert "summary_language" in doubts(mail=MAIL | {"text": text, "language": "en"}, summary=said)


def test_a_summary_of_a_mail_of_an_unknown_language_is_left_in_peace() -> None:
    assert "summary_language" not in doubts(
        mail=MAIL | {"language": ""}, summary="Die Bestellung ist spät. Ann wartet."
    )


MARKETING = [
    {"kind": "list"}, {"automatic": "it is bulk mail"}, {"sender": "Deals <news@shop.example>"},
    {"text": "Now 30 % off. Buy now!"}, {"text": "Zum Abbestellen hier klicken."}, {"text": "今だけ割引中です。"},
    {"text": "Our platform helps teams like yours; are you open to a quick call?"},
    {"subject": "You are our lucky winner"},
]  # fmt: skip


@pytest.mark.parametrize("signs", MARKETING)
def test_marketing_with_any_sign_of_it_is_believed(signs: dict[str, Any]) -> None:
    assert triage_doubts("MARKETING", MAIL | signs) == []


def test_marketing_without_any_sign_of_it_is_doubted_and_other_categories_are_not() -> None:
    assert triage_doubts("MARKETING", MAIL) == ["marketing_without_signs"]
    assert triage_doubts("MARKETING", MAIL | {"text": "The server is down, call me at once."}) == [
        "marketing_without_signs"
    ]
    assert triage_doubts("URGENT", MAIL) == triage_doubts("BULK", MAIL) == []


@pytest.mark.parametrize(
    "reason", ["complexity", "simple", "URGENT", "Urgent.", "needs_reply", "reason", "string", "meeting"]
)
def test_a_reason_that_is_a_field_or_its_value_is_none(reason: str) -> None:
    assert triage_doubts("MEETING", MAIL, reason) == ["template_echo"]


@pytest.mark.parametrize("reason", ["", "An urgent order.", "too many attempts", "紧急", "It asks."])
def test_a_short_reason_is_one(reason: str) -> None:
    assert triage_doubts("MEETING", MAIL, reason) == []


_PIECES = [
    *"1 7 12 31 2026 26 . - / , ° º ª th st de of May mai MÄRZ март 月 日 年 월 일 Dec x".split(),
    " ",
    " ",
    "\n",
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
def test_a_date_is_looked_for_wherever_it_may_stand(text):
    small = text.lower()
    looked_for = [*dates._forms_in(small)]
    for form in dates._FORMS:
        assert form in looked_for or not form.search(small), form.pattern[:40]


@pytest.mark.parametrize("text", ["on 3 May 2026", "am 3. MAI 2026", "le 3 Mai", "MAY 3rd, 2026", "3. März", "3 МАРТА"])
def test_a_date_is_a_date_in_capitals_and_small_letters(text):
    assert list(days_in(text)) == list(days_in(text.lower())) == list(days_in(text.upper())) != []


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_text_is_read_in_the_short_way_as_in_the_long_one(text):
    long = Counter(scripts._script(letter) for letter in text)
    assert scripts.scripts_of(text) == Counter({"LATIN": long["LATIN"]} if long["LATIN"] else {})
    plain = unicodedata.normalize("NFKC", text).casefold()
    assert weak_answers._letters(text) == weak_answers._MARKS.sub("", plain)


@given(st.lists(st.sampled_from(["[", "]", "{", "}", "<", ">", "X", "XXX", "_", "__", "name", " ", "\n"]), max_size=9))
def test_blanks_are_looked_for_wherever_one_may_stand(pieces):
    text = "".join(pieces)
    assert weak_answers._BLANK_NEAR.search(text) or not weak_answers._BLANKS.search(text)
