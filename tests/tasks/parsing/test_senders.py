"""A sender is the address in angle brackets at the end, and what could deceive a reader is a defect."""

import pytest

from tasks.parsing.addresses import read_addresses
from tasks.parsing.lookalikes import is_lookalike
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import mail


def read(*header):
    return read_mail(mail("x", header=header))


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        ("boss@shop.example <thief@evil.example>", "boss@shop.example", "thief@evil.example"),
        ("Shop, boss@shop.example <thief@evil.example>", "Shop, boss@shop.example", "thief@evil.example"),
        ("Boss <boss@shop.example> <thief@evil.example>", "Boss <boss@shop.example>", "thief@evil.example"),
        ("Doe, John <john@example.org>", "Doe, John", "john@example.org"),
        ("Doe, John, Ltd. <john@example.org>", "Doe, John, Ltd.", "john@example.org"),
        ("=?utf-8?q?Doe=2C_Jos=C3=A9?= <j@example.org>", "Doe, José", "j@example.org"),
        ('"=?utf-8?q?Doe=2C_Jos=C3=A9?=" <j@example.org>', "Doe, José", "j@example.org"),
        ("=?utf-8?q?Ann_=3Cann=40example=2Eorg=3E?=", "Ann", "ann@example.org"),
        ("=?utf-8?q?Jos=C3=A9_<ann@example.org>?=", "José", "ann@example.org"),
        ("=?utf-8?q?Doe=2C_Jos=C3=A9_<ann@example.org>?=", "Doe, José", "ann@example.org"),
        ("=?utf-8?q?ann@example.org?=", "", "ann@example.org"),
        ("Support: Bob <bob@example.org>", "Support: Bob", "bob@example.org"),
        ("Team: Ann <ann@example.org>, bob@example.org;", "Ann", "ann@example.org"),
        ("<@relay.example,@b.example:ann@example.org>", "", "ann@example.org"),
        ("John Doe [john@example.org]", "John Doe", "john@example.org"),
        ("John (Sales, Ltd.) <john@example.org>", "John (Sales, Ltd.)", "john@example.org"),
        ("John (Sales <john@example.org>", "John (Sales", "john@example.org"),
        ('"John <john@example.org>', "John", "john@example.org"),
        ("John :) <john@example.org>", "John :)", "john@example.org"),
        ("<<john@example.org>>", "", "john@example.org"),
        ("John <mailto:john@example.org>", "John", "john@example.org"),
        ("John < john @ Example.org >", "John", "john@example.org"),
        ("john@example.org <John Doe>", "John Doe", "john@example.org"),
        ('"john doe"@example.org', "", '"john doe"@example.org'),
        ("john@[192.0.2.1] (John)", "John", "john@[192.0.2.1]"),
        ("MAILER-DAEMON (Mail System)", "Mail System", "MAILER-DAEMON"),
        ("Mail System <MAILER-DAEMON>", "Mail System", "MAILER-DAEMON"),
        ("<>", "", ""),
    ],
)
def test_the_address_stands_at_the_end_and_all_before_it_is_a_name(raw, name, address):
    got = read(f"From: {raw}")

    assert (got.sender_name, got.sender_address) == (name, address)


def test_every_mailbox_of_a_list_is_read():
    encoded = "=?utf-8?q?Doe=2C_Jos=C3=A9_<j@a.example>?=, Ann <ann@b.example>"
    raw = "Doe, John <john@a.example>, Roe, Ann <ann@b.example>; Carl c@d.example, Team: e@f.example;"

    assert read_addresses([encoded]) == (("Doe, José", "j@a.example"), ("Ann", "ann@b.example"))
    assert read_addresses([raw]) == (
        ("Doe, John", "john@a.example"),
        ("Roe, Ann", "ann@b.example"),
        ("Carl", "c@d.example"),
        ("", "e@f.example"),
    )


@pytest.mark.parametrize(
    ("header", "defects"),
    [
        (("From: ann@a.example", "From: bob@b.example"), ("several From fields", "several senders in the From field")),
        (("From: ann@a.example, bob@b.example",), ("several senders in the From field",)),
        (("From: Ann <ann@a.example>, ANN@a.example",), ()),
        (("From: ceo@bank.example <x@evil.example>",), ("another address in the sender's name",)),
        (("From: =?utf-8?q?ceo=40bank=2Eexample?= <x@evil.example>",), ("another address in the sender's name",)),
        (("From: ann@a.example <ann@A.example>",), ()),
        (("From: ann@ехаmple.org",), ("lookalike domain of the sender",)),
        (("From: ann@xn--80ak6aa92e.com",), ("lookalike domain of the sender",)),
        (("From: ann@exarnple.org", "To: bob@example.org"), ("lookalike domain of the sender",)),
        (("From: ann@examp1e.org", "Delivered-To: bob@example.org"), ("lookalike domain of the sender",)),
        (("From: ann@a.example", "Reply-To: ann@аpple.example"), ("lookalike domain to reply to",)),
        (("From: ann@example.org", "To: bob@example.org"), ()),
    ],
)
def test_what_could_deceive_a_reader_is_a_defect(header, defects):
    assert read(*header).parse_defects == defects


@pytest.mark.parametrize(
    "domain",
    [
        "müller.example",
        "почта.рф",
        "кот.example",
        "例え.jp",
        "日本go.jp",
        "한국.kr",
        "ουτοπία.gr",
        "łódź.example",
        "example.com",
    ],
)
def test_words_of_one_language_are_no_lookalikes(domain):
    assert not is_lookalike(domain, ["example.org"])


@pytest.mark.parametrize(
    "domain", ["paypаl.example", "аррӏе.com", "gοοgle.example", "ɡmail.example", "exam\u200bple.org", "exämple.org"]
)
def test_imitated_letters_are_lookalikes(domain):
    assert is_lookalike(domain, ["example.org"])


@pytest.mark.parametrize("piece", ["(", "<", '"', '\\"', "a@", "<a@b", "a@b,", "x:", "=?a?q?", '"\\'])
def test_any_run_of_special_characters_is_read_in_time(piece):
    assert len(read_addresses([piece * (60_000 // len(piece))])) <= 1_000
