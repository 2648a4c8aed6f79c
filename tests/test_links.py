import pytest

from tasks.links import names_address, without_links


@pytest.mark.parametrize(
    "text",
    [
        "see https://evil.example/x", "HTTPS://EVIL.EXAMPLE", "mailto:eve@evil.example", "eve@evil.example", "go to www.evil.example",
        "evil.com", "pay at evil.zz/pay", "eve＠evil。example", "ev\u200bil.com", "ftp://x", "javascript:alert(1)", "10.0.0.1",
        "call +49 170 1234567", "call +1 (555) 010-9999", "DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819",
    ],
)  # fmt: skip
def test_what_can_be_clicked_dialled_or_paid_to_is_found(text):
    assert names_address(text)
    assert not names_address(without_links(text))


@pytest.mark.parametrize(
    "text",
    [
        "", "Thank you, we will look at it on 3.5.2026 at 14:30.", "Version 2.0.1 of the app", "z.B. am Montag, d.h. morgen",
        "Order 1234567890 has left.", "お返事ありがとうございます。明日ご連絡します。", "Costs are 1.000,50 EUR", "Node.js and e.g. Vue.js",
        "Sehr geehrte Frau Müller,\n\nwir melden uns.",
    ],
)  # fmt: skip
def test_ordinary_replies_are_left_as_they_are(text):
    assert not names_address(text)
    assert without_links(text) == text


def test_hostile_text_is_read_to_its_end():
    # Patterns without bounds would take minutes for these.
    for text in ("a." * 50_000, "a@" * 50_000, "+1" * 50_000, "DE12 " * 20_000, "a" * 100_000, "1." * 50_000):
        names_address(text)
