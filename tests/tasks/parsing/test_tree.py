"""The tree of a mail without parts, of which the parser sees only the header, is the one it makes of the whole."""

from email.feedparser import BytesFeedParser

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.parsing.limits import Limits
from tasks.parsing.torn_headers import repair_header
from tasks.parsing.tree import AsSent, CappedHeaders, grow

LINES = st.sampled_from(
    [
        "Subject: a",
        "From: ann@example.org",
        "Content-Type: text/plain",
        " folded",
        "From here",
        "no field",
        "",
        "a: b\r",
        "\r",
        "--x",
        "words",
        "Content-Type: multi",
        "part/mixed",
        "é: é",
        ">From x",
        ": empty",
    ]
)


@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
@example(["Subject: a", "no field", "", "words"], "\n")
@example(["Subject: a", "", ""], "\r\n")
def test_a_body_that_the_parser_did_not_see_is_as_it_would_give_it(lines, newline):
    raw, _ = repair_header(newline.join(["Subject: first", *lines]).encode())
    root, _ = grow(raw, Limits())
    parser = BytesFeedParser(AsSent, policy=CappedHeaders())
    parser.feed(raw)
    whole = parser.close()
    assert list(root.raw_items()) == list(whole.raw_items())
    assert root.get_payload() == whole.get_payload()


def test_a_field_is_found_in_any_case_and_after_another_was_added():
    root, _ = grow(b"subject: one\nSubject: two\n\n", Limits())
    assert (root.get("SUBJECT"), root.get("to", "none")) == ("one", "none")
    root["To"] = "ann"
    assert root.get("to") == "ann"
