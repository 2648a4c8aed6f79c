"""Text is read in the charset that mail programs and browsers would take, whatever it is called."""

import base64

import pytest

from tasks.parsing.charsets import decode
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import HEADER, mail, typed


def jis(text):
    """Text in ISO-2022-JP as Japanese mail programs write it, with the rows of NEC and IBM."""
    out = b""
    for character in text:
        coded = character.encode("cp932")
        if len(coded) == 1:
            out += b"\x1b(B" + coded
            continue
        lead, trail = coded
        row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 0x21 + (trail >= 0x9F)
        out += b"\x1b$B" + bytes([row, trail - 0x7E if trail >= 0x9F else trail - 0x1F - (trail > 0x7E)])
    return out + b"\x1b(B"


def euc(text):
    """The same in EUC-JP."""
    pairs = (jis(character)[3:5] for character in text)
    return b"".join(bytes(byte | 0x80 for byte in pair) for pair in pairs)


@pytest.mark.parametrize("text", ["予算は①と②です", "㈱東京商店 №7", "髙橋様 﨑山様", "Ⅲ期 ㎡ ℡"])
@pytest.mark.parametrize("declared", ["iso-2022-jp", "ISO-2022-JP-MS", "cp50221", None])
def test_characters_that_japanese_programs_add_are_read(text, declared):
    assert decode(jis(text), declared).text == text


def test_a_japanese_subject_and_text_are_read():
    word = "=?ISO-2022-JP?B?" + base64.b64encode(jis("①㈱の件")).decode() + "?="
    got = read_mail(
        mail(jis("会議は①です。"), "Content-Type: text/plain; charset=iso-2022-jp", header=(f"Subject: {word}",))
    )

    assert (got.subject, got.text, got.language) == ("①㈱の件", "会議は①です。", "ja")


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        ("สวัสดี “ครับ”…", "cp874", "windows-874"),
        ("ยินดีต้อนรับ", "cp874", "tis-620"),
        ("價格€ 100", "cp950", "big5"),
        ("①② ひらがな 香港嘅", "big5hkscs", "Big5"),
        ("你好，㐂𠂇", "gb18030", "gb2312"),
        ("Grüße, ¿qué?", "cp850", "cp-850"),
        ("Grüße", "cp850", "ibm850"),
        ("Grüße", "cp437", "x-cp437"),
        ("Привет", "cp866", "dos-866"),
        ("Łódź", "cp1250", "x-cp1250"),
        ("Жду", "mac_cyrillic", "x-mac-cyrillic"),
        ("Öl", "cp1252", "iso_8859-1:1987"),
        ("Grüße + mehr", "utf-7", "unicode-1-1-utf-7"),
        ("回信 ok", "hz", "hz-gb-2312"),
        ("회의", "iso2022_kr", "csISO2022KR"),
        ("회의 똠방", "cp949", "ks_c_5601-1987"),
        ("Dear partner", "utf-16-le", "utf-16le"),
        ("Dear partner", "utf-16-be", "utf-16"),
        ("Dear partner", "utf-16-be", "utf-16le"),
        ("Dear partner, hello", "utf-16-le", None),
        ("Dear partner, hello", "utf-16-be", "us-ascii"),
        ("会議の資料を送ります。", "utf-16-le", "utf-16"),
        ("会議の資料を送ります。", "utf-16-be", "utf-16"),
        ("Жду ответа", "utf-32-le", "utf-32"),
    ],
)
def test_a_charset_is_known_by_all_of_its_names(text, codec, declared):
    assert decode(text.encode(codec), declared).text == text


@pytest.mark.parametrize(
    ("text", "codec", "declared"),
    [
        ("Grüße", "utf-8", "iso-8859-1"),
        ("Grüße", "utf-8", "utf-16"),
        ("plain words", "ascii", "utf-16"),
        ("会議の資料", "utf-8", "iso-2022-jp"),
        ("会議の資料", "utf-8", "shift_jis"),
        ("Größe", "cp1252", "utf-8"),
        ("Привет, жду ответа", "cp1251", "utf-8"),
        ("Привет, жду ответа", "koi8-r", "utf-8"),
        ("会議の資料を送ります。よろしく", "cp932", "utf-8"),
        ("你好，谢谢你的来信，明天见面", "gbk", "utf-8"),
        ("회의는 내일 오전에 있습니다", "cp949", "us-ascii"),
    ],
)
def test_a_text_under_another_charsets_name_is_read(text, codec, declared):
    assert decode(text.encode(codec), declared).text == text


@pytest.mark.parametrize("declared", ["iso-2022-cn", "ISO-2022-CN-EXT", None])
def test_chinese_in_seven_bits_is_read_line_by_line(declared):
    line = b"\x1b$)A\x0e" + bytes(byte & 0x7F for byte in "你好".encode("gb2312")) + b"\x0f ok\n"

    assert decode(line * 2, declared).text == "你好 ok\n你好 ok\n"


def test_one_unknown_character_costs_that_character():
    thai = "สวัสดีครับ ยินดีต้อนรับ".encode("cp874")

    assert decode(thai + b"\xff", "windows-874") == ("สวัสดีครับ ยินดีต้อนรับ\ufffd", "replaced:cp874")
    assert decode(jis("予算は①と②です、よろしくお願い致します。") + b"\x1b$B\x7e\x7e", "iso-2022-jp").note.startswith(
        "replaced"
    )


def test_euc_jp_has_those_characters_too():
    assert decode(euc("①㈱の会議") + b" ok", "euc-jp") == ("①㈱の会議 ok", "declared:euc_jp")


def test_utf_16_parts_and_files_are_text():
    coded = base64.encodebytes("Dear partner, please send the new list.".encode("utf-16-le"))
    raw = typed("text/plain; charset=utf-16le", coded, "Content-Transfer-Encoding: base64")
    saved = ("\n".join(HEADER) + "\n\nLunch?").encode("utf-16")

    assert read_mail(raw).text == "Dear partner, please send the new list."
    assert (read_mail(saved).subject, read_mail(saved).text) == ("Hello", "Lunch?")


@pytest.mark.parametrize("piece", [b"\x1b$B", b"\x0e\x0f", b"\x8f\xa1", b"\x1b$)A\x0e\n0", b"\x1b$B-!", b"\x00a"])
@pytest.mark.parametrize("declared", ["iso-2022-jp", "euc-jp", "iso-2022-cn", "utf-16", None])
def test_any_run_of_shifts_gives_text(piece, declared):
    assert isinstance(decode(piece * 50_000, declared).text, str)
