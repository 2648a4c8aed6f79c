"""The tree of a sound mail, which the parser does not see, is the one that the parser makes of it."""

from email.feedparser import BytesFeedParser

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.parsing.limits import Limits
from tasks.parsing.part import AsSent, CappedHeaders
from tasks.parsing.torn_headers import TornHeaderDefect, repair_header
from tasks.parsing.tree import grow

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
        f"long: {'x' * 5_000}",
    ]
)
PART_LINES = st.sampled_from(
    [
        "--x",
        "--x--",
        "--x \t",
        "--xy",
        "--xy--",
        " --x",
        "",
        "words",
        "Content-Type: multipart/alternative; boundary=xy",
        'Content-Type: multipart/mixed; boundary="x"',
        "Content-Type: multipart/digest; boundary=xy",
        "Content-Type: message/rfc822",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: base64",
        " folded",
        "\r",
    ]
)
MULTIPART = 'Content-Type: multipart/mixed; boundary="x"'


def as_parsed(raw):
    """The tree that the parser makes of a mail's bytes."""
    parser = BytesFeedParser(AsSent, policy=CappedHeaders())
    parser.feed(raw)
    return parser.close()


def described(part):
    """All that is read of a part and of those in it, without what the repair of a header says."""
    payload = part.get_payload()
    inner = payload if isinstance(payload, str) or payload is None else [described(one) for one in payload]
    return (
        [*part.raw_items()],
        part.preamble,
        [type(one) for one in part.defects if not isinstance(one, TornHeaderDefect)],
        inner,
    )


@given(st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]))
@example(["Subject: a", "no field", "", "words"], "\n")
@example(["Subject: a", "", ""], "\r\n")
def test_a_body_that_the_parser_did_not_see_is_as_it_would_give_it(lines, newline):
    raw, _ = repair_header(newline.join(["Subject: first", *lines]).encode())
    root, _ = grow(raw, Limits())
    whole = as_parsed(raw)
    assert described(root) == described(whole)


@given(st.lists(PART_LINES, max_size=14), st.sampled_from(["\n", "\r\n"]))
@example(["", "--x", "", "one", "--x", "Content-Type: text/html", "", "two", "--x--", "below"], "\n")
@example(
    ["", "above", "--x", "Content-Type: multipart/a; boundary=xy", "", "--xy", "", "in", "--xy--", "", "--x--"], "\n"
)
@example(["", "--x", "Content-Type: text/html", "--x--"], "\r\n")
@example(["", "--x", "", "--x", "--x--"], "\n")
def test_parts_that_the_parser_did_not_see_are_as_it_would_give_them(lines, newline):
    raw, _ = repair_header(newline.join(["Subject: first", MULTIPART, *lines]).encode())
    root, _ = grow(raw, Limits())
    whole = as_parsed(raw)
    assert described(root) == described(whole)
    assert root.epilogue == whole.epilogue


def test_more_parts_than_are_read_are_named():
    raw = b"\n".join([b"Subject: many", MULTIPART.encode(), b"", *[b"--x", b"", b"part"] * 5, b"--x--", b""])
    assert grow(raw, Limits(parts=6))[1] == ""
    assert grow(raw, Limits(parts=5))[1] == "more than 5 parts"


def test_a_field_is_found_in_any_case_and_after_another_was_added():
    root, _ = grow(b"subject: one\nSubject: two\n\n", Limits())
    assert (root.get("SUBJECT"), root.get("to", "none")) == ("one", "none")
    root["To"] = "ann"
    assert root.get("to") == "ann"
