"""The token estimate, held against real tokenizers where they are installed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.providers.catalogue.tokens import estimate_tokens, question_tokens
from tasks.questions import Media, Question
from tests.tasks.providers.far_side import Sorted

MAILS = {
    "English": "Dear team, the payment gateway has been failing since this morning and conversion is down 15 %. Please "
    "fix it.",
    "German": "Sehr geehrte Damen und Herren, die Zahlungsschnittstelle ist seit heute Morgen ausgefallen. Bitte "
    "beheben.",
    "Spanish": "Hola, la pasarela de pagos no funciona desde esta mañana y los clientes no pueden terminar sus "
    "compras.",
    "Russian": "Уважаемые коллеги, платёжный шлюз не работает с утра, и клиенты не могут завершить покупки.",
    "Arabic": "السيد المدير، نود إبلاغكم بأن بوابة الدفع معطلة منذ الصباح وأن العملاء لا يستطيعون إتمام مشترياتهم.",
    "Hindi": "प्रिय महोदय, भुगतान गेटवे सुबह से काम नहीं कर रहा है और ग्राहक अपनी खरीदारी पूरी नहीं कर पा रहे हैं।",
    "Japanese": "お世話になっております。今朝から決済ゲートウェイが動作せず、お客様が購入を完了できません。",
    "Chinese": "您好，支付网关从今天早上开始无法工作，客户无法完成购买。请尽快修复并在今天内回复我们。",
    "Korean": "안녕하세요, 결제 게이트웨이가 오늘 아침부터 작동하지 않아 고객이 구매를 완료할 수 없습니다.",
}


@pytest.mark.parametrize("tokenizer", ["o200k_base", "gemma3"])
@pytest.mark.parametrize("language", MAILS)
def test_an_estimate_is_rather_too_high_than_too_low_in_any_script(language: str, tokenizer: str) -> None:
    splintr = pytest.importorskip("splintr", reason="the extra `tokens` is not installed")
    counted = len(splintr.Tokenizer.from_pretrained(tokenizer).encode(MAILS[language]))
    assert 0.85 * counted <= estimate_tokens(MAILS[language]) <= 1.7 * counted


def test_nothing_is_no_token_and_anything_is_one() -> None:
    assert (estimate_tokens(""), estimate_tokens("a")) == (0, 1)


@given(st.text(), st.text())
def test_a_longer_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert estimate_tokens(text) <= estimate_tokens(text + more)


def test_a_question_is_its_words_its_schema_and_its_media() -> None:
    plain = Question(name="q", version="1", instructions="Sort.", text="A mail.", answer=Sorted)
    words = estimate_tokens("Sort.") + estimate_tokens("A mail.")
    assert words < question_tokens(plain) < words + 150
    page = b"<< /Type /Page /Parent 1 0 R >>"
    pdf = Media(kind="pdf", media_type="application/pdf", data=b"<< /Type /Pages /Kids [] >>" + 3 * page)
    hidden = Media(kind="pdf", media_type="application/pdf", data=bytes(100_000))
    video = Media(kind="video", media_type="video/mp4", data=bytes(1_000_000))
    added = [question_tokens(replace(plain, media=(part,))) - question_tokens(plain) for part in (pdf, hidden, video)]
    assert added == [7_500, 15_000, 8_008]


def test_what_is_no_proper_text_is_counted_too() -> None:
    assert estimate_tokens("\udcff\ud800 half a surrogate") > 3
