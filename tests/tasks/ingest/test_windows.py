from collections.abc import Iterator
from dataclasses import replace

import pytest

from tasks.ingest.rows import parse
from tasks.ingest.windows import MessageReader
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import load_raw
from tasks.mailbox.raw import Origin, RawMail
from tasks.settings import Settings


def mail(name: str, text: str | None = None, **more) -> RawMail:
    raw = f"From: a@example.com\nSubject: {name}\nDate: Fri, 13 Nov 2026 10:00:00 +0000\n\n{text or name}\n".encode()
    return RawMail(raw=raw, source_id=f"{name}.eml", origin=Origin(source="test"), **more)


class Listed:
    """A source of given mails; an exception among them is raised in its place."""

    name = "test"

    def __init__(self, *mails):
        self.mails = mails
        self.told = []

    def count(self):
        return len(self.mails)

    def read(self) -> Iterator[RawMail]:
        for one in self.mails:
            if isinstance(one, Exception):
                raise one
            yield one

    def settled(self, places):
        self.told += places


@pytest.fixture
def read(ledger_url):
    """Reads sources as one run would, with windows of two mails."""

    def reader(*mails, owner="host|1|1|run", **settings):
        source = mails[0] if isinstance(mails[0], Listed) else Listed(*mails)
        few = Settings(chunk_rows=2, chunk_workers=1, **settings)
        return MessageReader(source, open_ledger(ledger_url), owner=owner, settings=few)

    return reader


def windows(reader):
    found = [reader.next_window()]
    while not found[-1].last:
        found.append(reader.next_window())
    return found


def ids(frame):
    return frame["source_id"].tolist()


def test_every_mail_is_in_one_window_in_the_order_of_the_source(read):
    found = windows(read(*[mail(str(n)) for n in range(7)]))

    assert [len(window) for window in found] == [2, 2, 2, 1]
    assert [name for window in found for name in ids(window.messages)] == [f"{n}.eml" for n in range(7)]


def test_a_copy_by_way_of_a_list_names_the_mail_it_is_likely_a_copy_of(read):
    text = "Shall we have lunch at the harbour this time?"
    original, other = mail("lunch", text), mail("tea", "Or tea, in the afternoon, at home?")
    copy = replace(
        original, raw=original.raw.replace(b"lunch\n", b"[list] lunch\n") + b"\n--\nThe list\n", source_id="copy"
    )

    first, second = windows(read(original, other, copy))

    assert first.messages["likely_duplicate_of"].tolist() == ["", ""]
    assert second.messages["likely_duplicate_of"].tolist() == [first.messages["message_key"][0]]


def test_an_empty_source_is_one_empty_window(read):
    (window,) = windows(read(Listed()))

    assert len(window) == 0
    assert "message_key" in window.messages.columns


def test_the_same_mail_twice_is_worked_on_once_even_across_windows(read):
    found = windows(read(mail("a"), mail("a"), mail("b"), mail("a")))

    assert [ids(window.messages) for window in found] == [["a.eml"], ["b.eml"]]
    assert [ids(window.skipped) for window in found] == [["a.eml"], ["a.eml"]]
    assert "earlier in this source" in found[0].skipped["reason"][0]


def test_what_another_run_works_on_is_left_to_it(read):
    windows(read(mail("a")))

    (window,) = windows(read(mail("a"), mail("b"), owner="elsewhere|2|2|other"))

    assert ids(window.messages) == ["b.eml"]
    assert window.skipped["reason"].tolist() == ["Another run is working on it."]


def test_the_bytes_are_on_record_before_the_mail_is_worked_on(read, ledger_url):
    source = Listed(mail("a"))
    (window,) = windows(read(source))

    (kept,) = load_raw(open_ledger(ledger_url), window.messages["message_key"])
    assert kept["raw"] == source.mails[0].raw
    assert source.told == ["a.eml"]


def test_a_source_that_breaks_gives_what_it_had_and_then_its_error(read):
    reader = read(mail("a"), mail("b"), mail("c"), OSError("cut"), mail("d"))

    assert ids(reader.next_window().messages) == ["a.eml", "b.eml"]
    assert ids(reader.next_window().messages) == ["c.eml"]
    for _ in range(2):
        with pytest.raises(OSError, match="cut"):
            reader.next_window()


def test_what_is_no_mail_is_left_alone_and_not_recorded(read, ledger_url):
    (window,) = windows(read(mail("LICENSE", foreign=True, problem="It is a licence.")))

    assert window.skipped["reason"].tolist() == ["It is a licence."]
    assert not list(load_raw(open_ledger(ledger_url), window.skipped["message_key"]))


def test_two_mails_that_cannot_be_read_are_two(read):
    (window,) = windows(read(mail("a", problem="No permission."), mail("b", problem="No permission.")))

    assert ids(window.messages) == ["a.eml", "b.eml"]
    assert window.messages["unreadable"].tolist() == ["No permission."] * 2


def test_the_mails_own_wish_wins_over_its_senders_and_the_runs_language(read):
    settings = {"target_language": "German", "sender_languages": {"example.com": "French"}}
    reader = read(mail("a"), mail("b", target_language="日本語"), mail("c", target_language="Gibberish"), **settings)

    rows = [row for window in windows(reader) for row in window.messages.to_dict("records")]

    assert [row["target_language"] for row in rows] == ["fr", "ja", "fr"]
    assert "unknown target language `Gibberish`" in rows[2]["parse_defects"]


def test_a_stranger_cannot_name_his_mail_or_its_language(read):
    raw = b"X-Mailroom-Id: chosen\nX-Mailroom-Target-Language: Japanese\n" + mail("a").raw
    ours = RawMail(raw=raw, source_id="a.eml", origin=Origin(source="/mails"))
    theirs = RawMail(raw=raw + b"x", source_id="7", origin=Origin(source="imap://inbox", uidvalidity=1, uid=7))
    unknown = RawMail(raw=raw + b"y", source_id="8", origin=Origin(source="queue:orders"))

    rows = [row for window in windows(read(ours, theirs, unknown)) for row in window.messages.to_dict("records")]

    assert [(row["source_id"], row["target_language"]) for row in rows] == [("chosen", "ja"), ("7", "en"), ("8", "en")]


def test_each_mail_says_whether_a_person_wrote_it():
    settings = Settings(reply_from="Desk <desk@us.example>")
    raws = {
        "person": b"From: ann@a.example\r\nSubject: Hi\r\n\r\nHello\r\n",
        "program": b"From: ann@a.example\r\nAuto-Submitted: auto-generated\r\nSubject: Hi\r\n\r\nHello\r\n",
        "ours": b"From: desk+x@us.example\r\nSubject: Hi\r\n\r\nHello\r\n",
    }
    said = {
        name: parse(RawMail(raw=raw, source_id=name, origin=Origin(source="test")), settings).row["automatic"]
        for name, raw in raws.items()
    }

    assert [bool(why) for why in said.values()] == [False, True, True]
