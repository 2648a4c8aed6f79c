"""Whatever a mail program, a chat or a browser makes clickable is removed; ordinary text stays."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.links import allow, hosts, names_address, numbers, spelt, without_links
from tests.benchmarks.ordinary_texts import ordinary_texts

CLICKABLE = [
    # schemes, whole and broken
    "https://pay.thief.example/x", "HTTPS://THIEF.ZZ", "https:/thief.zz", "https:thief.zz", "http:\\\\thief.zz",
    "http:/\\thief", "hxxp://thief", "h**ps://thief", "https : // thief . zz", "//thief.zz/x", "\\\\thief\\share",
    "ftp://x", "custom+app:/x", "mailto:eve@thief.example", "javascript:alert(1)", "data:text/html,hello",
    "tel:5550199", "tg:resolve", "ms-word:ofe|u|x",
    # hosts of every kind of ending
    "thief.com", "thief.zip", "thief.py", "thief.museum", "thief.zz", "thief.corp", "thief.onion", "thief.eth",
    "www.thief", "a.b.c.thief.travel", "thief.pdf.com", "thief.com.pdf", "pay at thief.zz/pay", "thief.com:8080",
    "thief.com?x", "THIEF.COM", "m.sc/pay", "Dr.thief.com", "1.thief.com", "163.com", "_thief.zz", "a_b.thief.zz",
    "login-now.zip", "[see](thief.zz)",
    # IDN, odd letters, hidden characters
    "müller.de", "дом.рф", "例え.テスト", "例え．テスト", "xn--mller-kva.example", "ｔｈｉｅｆ．ｃｏｍ", "thief。com",
    "th\u200bief.com", "thief\u2060.\ufeffcom", "thi\u00adef.com", "thief\u2024com", "thief&#46;com",
    "a\U000e0074\U000e0068", "\u202emoc.feiht", "💩.la",
    # addresses of machines
    "10.0.0.1", "[127.0.0.1]", "0177.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f000001", "http://2130706433/", "2130706433/pay",
    "[::1]", "2001:db8::1", "[2001:db8::2]:8080", "127[.]0[.]0[.]1",
    # spelt out
    "thief[.]com", "thief(.)com", "thief [dot] com", "thief (punkt) de", "thief {punto} it", "thief dot com",
    "eve at thief dot net", "eve(at)thief.com", "eve [at] thief [dot] zz", "eve arroba thief punto es",
    "eve chiocciola thief punto it", "eve＠thief。example",
    # messengers
    "@thief_boss", "Telegram: thief88", "skype:thief88", "WeChat ID thief88", "on Telegram as thief88",
    "Whats App: thief88", "on whats app as thief88", "Cash App ID thief88", "kakao talk: thief88",
    "skype user name thief88", "signal user name: thief88", "Skype nom d’utilisateur thief88",
    "Discord thief#1234",
    # wallets and accounts
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "DE89 3704 0044 0532 0130 00",
    "de89370400440532013000", "at61 1904 3002 3457 3201", "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0",
    "GB29-NWBK-6016-1331-9268-19", "fr14 2004 1010 0505 0001 3m02 606",
    # telephone numbers
    "+49 170 1234567", "+1 (555) 010-9999", "0049 170 1234567", "0170 1234567", "01701234567", "030/1234567",
    "(030) 1234567", "(212) 555-0123", "212.555.0123", "1-800-555-0199", "020 7946 0958", "06 12 34 56 78",
    "06.12.34.56.78", "612 345 678", "8 (495) 123-45-67", "090-1234-5678", "138 0013 8000", "call 555-0199",
    "Tel. 4711 2233",
    # HTML
    "<a href=x>", "<IMG SRC=x onerror=alert(1)>", "</p>", "<!-- x -->", "<script",
]  # fmt: skip


@pytest.mark.parametrize("text", CLICKABLE)
@pytest.mark.parametrize("sentence", ["{}", "Please go to {} today.", "({}),", "Siehe „{}“!"])
def test_what_can_be_clicked_dialled_or_paid_to_is_found(text, sentence):
    whole = sentence.format(text)

    assert names_address(whole)
    assert not names_address(without_links(whole))
    assert "<a" not in without_links(whole).lower()


@pytest.mark.parametrize(
    "text",
    [
        *ordinary_texts(),
        "",
        "We need help with the login.Please answer.Danke.",
        "❤️ 👨‍👩‍👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می‌خواهم بیایم",
    ],
)
def test_ordinary_texts_are_left_as_they_are(text):
    assert without_links(text) == text
    assert not names_address(text)


_LABELS = st.text("abcdefghijkmnopqrstuvwxyz0123456789-", min_size=2, max_size=12).map(lambda text: f"q{text}k")
_ENDINGS = st.sampled_from("com de zip mov py museum co.uk example test onion zz corp рф 中国 xn--p1ai abogado".split())
_DOTS = st.sampled_from(
    [".", "．", "\u2024", "[.]", "(dot)", " [punkt] ", ".\u200b", "\u2060.", "&#46;", "\U000e0041."]
)
_AROUND = st.sampled_from(
    [
        "{}",
        "https://{}/p",
        "https:{}",
        "http:\\\\{}",
        "//{}",
        "eve@{}",
        "eve (at) {}",
        "{}/pay",
        "{}:443",
        "<{}>",
        "*{}*",
        "[x]({})",
        "“{}”",
    ]
)


@settings(max_examples=300)
@given(
    st.lists(_LABELS, min_size=1, max_size=3),
    _ENDINGS,
    st.lists(_DOTS, min_size=5, max_size=5),
    _AROUND,
    st.sampled_from([str, str.upper]),
)
def test_a_host_is_found_however_it_is_written(labels, ending, dots, around, case):
    parts = [*labels, ending]
    host = "".join(part + dot for part, dot in zip(parts, [*dots[: len(parts) - 1], ""], strict=True))
    text = f"See {around.format(case(host))} now"

    assert names_address(text)
    left = without_links(text)
    assert not names_address(left)
    assert labels[-1] not in left.lower()


_GROUPS = st.sampled_from(["", " ", "-", ".", "  ", "\u00a0"])


@settings(max_examples=200)
@given(st.integers(0, 10**18 - 1), _GROUPS, st.integers(1, 6), st.sampled_from([str, str.lower]))
def test_an_account_is_found_however_it_is_spaced(digits, between, size, case):
    written = f"DE{digits % 90 + 10}{digits:018d}"
    grouped = between.join(written[at : at + size] for at in range(0, len(written), size))

    left = without_links(f"Pay to {case(grouped)}, please")

    assert sum(letter.isdigit() for letter in left) == 0


@settings(max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            [*CLICKABLE, "a", ".", " ", "/", ":", "@", "[", "]", "(dot)", "0", "com", "\n", "é", "<", "&lt;", "。"]
        ),
        max_size=8,
    ).map("".join)
)
@example("&lt;a href=thief.zz&gt;")
def test_nothing_is_left_after_it_was_taken_out(text):
    assert not names_address(without_links(text))


@given(st.text(max_size=60))
def test_any_text_is_taken_and_taking_out_twice_changes_nothing(text):
    once = without_links(text)
    assert without_links(once) == once


def test_hostile_text_is_read_to_its_end():
    # Patterns without bounds would take minutes for each of these.
    pieces = [
        "a.",
        "a@",
        "+1",
        "DE12 ",
        "a",
        "1.",
        "030 123 ",
        "[.]",
        "a dot ",
        "::1 ",
        "<a ",
        "a: /",
        "discord ",
        "A1b",
        "/",
        " ",
    ]
    for piece in pieces:
        without_links(piece * (20_000 // len(piece)))


LIST = allow(["us.example", "müller.de", "+49 30 123456", "DE89 3704 0044 0532 0130 00", "ann@a.example"])


@pytest.mark.parametrize(
    "text",
    [
        "us.example", "https://www.us.example/help?x=1", "help@us.example", "MÜLLER.de", "https://xn--mller-kva.de/",
        "+49 (30) 123456", "de89370400440532013000", "ann@A.example", "See https://us.example/manual.pdf.",
    ],
)  # fmt: skip
def test_what_the_operator_allows_may_stand(text):
    assert not names_address(text, LIST)
    assert without_links(text, LIST) == text


@pytest.mark.parametrize(
    "text",
    [
        "us.example.thief.zz", "https://us.example@thief.zz/", "https://us.example\\@thief.zz", "thiefus.example",
        "eve@a.example", "https://us.example/?next=https://thief.zz", "http://us.example#@thief.zz",
        "javascript://us.example/%0aalert(1)", "a.example", "us[.]example", "https://us.example/<script>",
        "+49 30 1234567",
    ],
)  # fmt: skip
def test_what_only_looks_allowed_goes(text):
    assert names_address(text, LIST)


def test_a_verified_sender_stands_for_the_own_domain_alone():
    own = LIST.with_sender("Jo@shop.example")

    assert not names_address("See https://shop.example/order and www.shop.example, or write to jo@shop.example", own)
    assert names_address("eve@shop.example", own)
    assert names_address("shop.example.thief.zz", own)
    assert names_address("eve.github.io", LIST.with_sender("jo@github.io")), "anybody can have a name there"


_PIECES = [
    *"İ ı K ſ ß é 。 ： @ : / \\ [ ] ( ) { } < > | * . , - _ # & \n 1 7 0 +".split(" "),
    *"dot DOT punkt at AT arroba telegram TELEGRAM dıscord whats app lıne id ID user name on as is Skype kakao".split(),
    *"https h**p // data: mailto: com de x eve88 thief http:".split(),
]


@settings(max_examples=500)
@given(st.lists(st.sampled_from([*_PIECES, " ", " "]), max_size=12).map("".join))
def test_no_shortcut_leaves_out_what_the_search_itself_would_find(text):
    small = text.lower().replace("ı", "i").replace("i̇", "i")
    for near, searched, patterns in (
        (spelt._LINK_NEAR, text, [spelt._LINK]),
        (spelt._BRACKETED_NEAR, text, [spelt._BRACKETED]),
        (spelt._SPOKEN_NEAR, small, [spelt._SPOKEN_AT, spelt._SPOKEN_DOT]),
        (spelt._HANDLE_NEAR, small, [spelt._HANDLE]),
        (hosts._DOT_NEAR, text, [hosts._DOTTED]),
    ):
        if any(pattern.search(text) for pattern in patterns):
            assert near.search(searched), (near.pattern[:40], text)
    if spelt._SPOKEN_NEAR.search(small):
        assert any(word in small for word in spelt._SPOKEN_BEGIN), text
    if spelt._HANDLE_NEAR.search(small):
        places = (at for name in spelt._MESSENGERS_BEGIN for at in spelt._places(small, name))
        assert any(spelt._HANDLE_NEAR.match(small, at) for at in places), text


_NUMBER_PIECES = ["( ", " ", *"DE gb X to 1 23 4567 00 ) . - / , $ EUR + ab".split()]


@settings(max_examples=500)
@given(st.lists(st.sampled_from(_NUMBER_PIECES), max_size=20).map("".join))
def test_numbers_are_looked_for_at_each_place_where_their_forms_begin(text):
    digits = numbers._DIGITS.finditer(text)
    starts = {start[1] for one in digits if (start := numbers._country_before(text, one.start()))}
    masked = numbers._NOT_DIALLED.sub(lambda found: "x" * len(found[0]), text)

    assert numbers._masked(text) == masked
    assert not numbers._RUN.search(masked) or numbers._SIX_DIGITS.search(text)
    for form in (numbers._IBAN, numbers._GROUPED_ACCOUNT):
        assert {at for at in range(len(text)) if form.match(text, at)} <= starts, form.pattern[:40]
