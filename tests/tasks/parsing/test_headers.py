"""Header fields as people read them, however they were written."""

import pytest

from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import HEADER, attached, mail, multipart, part


def subject(raw):
    return read_mail(b"Subject: " + raw + b"\n\nx").subject


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?UTF-8?B?5Lya6K2w?= tomorrow", "会議 tomorrow"),
        (b"=?utf-8?b?5Lya6A==?=\n =?utf-8?b?rbA=?=", "会議"),  # a character cut in two
        (b"=?iso-8859-1?q?a?= =?utf-8?q?=C3=A9?=", "aé"),
        (b"=?utf-8*en?q?hi?=", "hi"),
        (b"=?utf-8?q?What?_now?=", "What? now"),
        (b"=?utf-8?q?a b?=", "a b"),
        (b"=?utf-8?b?w7w=w6k=?=", "üé"),
        (b"=?utf-8?b?5Lya?==?utf-8?b?6K2w?=", "会議"),
        (b'"=?utf-8?q?caf=c3=a9?="', '"café"'),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?x-unknown?q?caf=C3=A9?=", "café"),
        (b"=?utf-8?b?broken!!?=", None),
        ("Grüße".encode(), "Grüße"),
        ("Grüße aus Köln".encode("latin-1"), "Grüße aus Köln"),
        ("会議".encode("iso2022_jp"), "会議"),
        (b"one\n two\n\tthree", "one two three"),
        (b"=?utf-8?q?inject=0D=0ABcc:_x?=", "inject Bcc: x"),
        (b"=?utf-8?q?not closed", "=?utf-8?q?not closed"),
        (b"a\x00b", "a b"),
    ],
)
def test_a_subject_is_one_line_of_words(raw, text):
    got = subject(raw)

    assert got.isprintable() or text is None
    assert text is None or got == text


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("Ann <ann@Example.COM>", "Ann", "ann@example.com"),
        ('"Example, Ann" <ann@example.com>', "Example, Ann", "ann@example.com"),
        ("=?utf-8?b?5bGx55Sw?= <y@example.jp>", "山田", "y@example.jp"),
        ("ann@example.com (Ann Example)", "Ann Example", "ann@example.com"),
        ("山田 <y@example.jp>", "山田", "y@example.jp"),
        ("<ann@example.com", "", "ann@example.com"),
        ("Ann ann@example.com", "Ann", "ann@example.com"),
        ("MAILER-DAEMON", "", "MAILER-DAEMON"),
        ("Mail Delivery System", "Mail Delivery System", ""),
        ("undisclosed-recipients:;", "", ""),
        ("(" * 16_000, "", "(" * 16_000),
    ],
)
def test_a_sender_is_a_name_and_an_address(raw, name, address):
    got = read_mail(mail("x", header=(f"From: {raw}",)))

    assert (got.sender_name, got.sender_address) == (name, address)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="plain.txt"', "plain.txt"),
        ("filename*=utf-8''R%C3%A9sum%C3%A9.txt", "Résumé.txt"),
        ("filename*=utf-8''R%C3%A9sum%C3%A9.txt; filename=\"R_sum_.txt\"", "Résumé.txt"),
        ("filename=\"R_sum_.txt\"; filename*=utf-8''R%C3%A9sum%C3%A9.txt", "Résumé.txt"),
        ("filename*0*=utf-8''R%C3%A9; filename=\"x.txt\"; filename*1*=sum%C3%A9.txt", "Résumé.txt"),
        ("filename*=utf-8''; filename=\"plain.txt\"", "plain.txt"),
        ('filename="plain.txt', "plain.txt"),
        ("filename*0*=utf-8''%E4%BC%9A; filename*1*=%E8%AD%B0.txt", "会議.txt"),
        ('filename="=?utf-8?q?caf=C3=A9.txt?="', "café.txt"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\temp\\\\a.txt"', "a.txt"),
    ],
)
def test_a_file_has_the_name_its_sender_gave_it_without_folders(disposition, name):
    raw = multipart(
        "mixed", part("text/plain", "x"), part("text/plain", "y", f"Content-Disposition: attachment; {disposition}")
    )

    assert [one.name for one in read_mail(raw).attachments] == [name]


def test_a_header_that_begins_with_a_blank_is_one():
    assert read_mail(b"\n  From: Ann <ann@example.com>\nSubject: x\n\ny").sender_address == "ann@example.com"


def test_raw_8_bit_file_names_are_decoded():
    raw = multipart("mixed", part("text/plain", "x"), attached("管理.txt", "text/plain", b"y"))

    assert read_mail(raw).attachments[0].name == "管理.txt"


def test_message_ids_lose_their_brackets_and_doubles():
    got = read_mail(mail("x", "References: <a@b> <c@d>\n\t<a@b> junk", header=HEADER[:4]))

    assert (got.message_id, got.references) == (None, ("a@b", "c@d"))
