"""Which language a text is in, and which one a person means."""

import langcodes
import pytest

from tasks.parsing.languages import NAMES, detect_language, parse_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Please send the report before Friday.", "en"),
        ("Bitte senden Sie den Bericht bis Freitag.", "de"),
        ("金曜日までに報告書を送ってください。", "ja"),
        ("请在星期五之前发送报告。", "zh"),
        ("금요일까지 보고서를 보내 주세요.", "ko"),
        ("Пожалуйста, пришлите отчёт до пятницы.", "ru"),
        ("يرجى إرسال التقرير قبل يوم الجمعة.", "ar"),
        ("https://example.com/hello-world-this-is a@b.example", None),
        ("12345 --- !!! 😀", None),
        ("", None),
        ("x", None),
    ],
)
def test_a_language_is_found_or_left_open(text, code):
    assert detect_language(text) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Japanese", "ja"), ("ja", "ja"), ("jpn", "ja"), ("jp", "ja"), ("日本語", "ja"), (" japanese ", "ja"),
        ("Spanish", "es"), ("español", "es"), ("Castellano", "es"), ("Deutsch", "de"), ("ger", "de"), ("German", "de"),
        ("zh_TW", "zh-TW"), ("Mandarin", "zh"), ("Traditional Chinese", "zh-Hant"), ("pt-BR", "pt-BR"),
        ("French", "fr"), ("Brazilian Portuguese", "pt-BR"), ("FR", "fr"),
    ],
)  # fmt: skip
def test_a_language_is_known_by_what_people_call_it(name, code):
    assert parse_language(name).code == code


@pytest.mark.parametrize("name", ["", "Klingonese xyz", "xx-unknown", "42", "und", "the usual one"])
def test_what_is_no_language_is_refused_with_an_example(name):
    with pytest.raises(ValueError, match="`Japanese`, `ja`"):
        parse_language(name)


@pytest.mark.parametrize(("code", "name"), NAMES.items())
def test_a_language_we_name_is_the_librarys_own(code, name):
    assert langcodes.get(code).display_name("en") == name
    assert langcodes.find(name).language == code


def test_a_prompt_gets_the_english_name():
    assert parse_language("日本語").english_name == "Japanese"
