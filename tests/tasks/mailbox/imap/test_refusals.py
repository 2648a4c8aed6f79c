"""After a temporary refusal, the server is asked again a few times; then the error has the server's own words."""

from __future__ import annotations

import imaplib

import pytest

from tasks.errors import Misconfigured, SourceError, SourceUnavailable, Stopped
from tasks.mailbox.imap.refusals import passing_refusal, words_of
from tasks.mailbox.imap.source import open_folder
from tasks.mailbox.kinds import Opening
from tasks.stops import Stop
from tests.services.refusing_proxy import refusing_proxy
from tests.tasks.mailbox.imap.mails import mail, uids

THROTTLED = "BAD Request is throttled. Suggested Backoff Time: 20 milliseconds"
PASSING = [
    THROTTLED,
    "BAD User is authenticated but not connected.",
    "NO [UNAVAILABLE] The backend is restarted",
    "NO [INUSE] Mailbox is locked",
    "NO [LIMIT] Too much at once",
    "NO Server busy, try again later",
    "* BYE Server is going down for maintenance",
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 3)


@pytest.mark.parametrize("pattern", ["UID FETCH.*BODY", "UID FETCH.*SIZE", "UID SEARCH", "EXAMINE", "^(LOGIN|AUTH)"])
@pytest.mark.parametrize("said", PASSING)
def test_a_refusal_that_passes_costs_no_mail(imap_account, pattern, said):
    imap_account.deliver([mail(number) for number in range(120)])

    with refusing_proxy(imap_account.host, imap_account.port, pattern, said, said) as proxy:
        rows = list(open_folder("work", imap_account.block(port=proxy.port), "", Opening()).read())

    assert uids(rows) == list(range(1, 121))
    assert len(proxy.refused) == 2


@pytest.mark.parametrize("pattern", ["UID FETCH.*BODY", "UID SEARCH", "EXAMINE", "^(LOGIN|AUTH)", ""])
@pytest.mark.parametrize("said", [THROTTLED, "* BYE Too many connections"])
def test_one_that_does_not_pass_is_told_in_the_servers_words_and_is_no_fault_of_a_setting(imap_account, pattern, said):
    imap_account.deliver([mail(1)])
    said = said if pattern else said.replace("BAD", "* BYE")

    with (
        refusing_proxy(imap_account.host, imap_account.port, pattern, *[said] * 20) as proxy,
        pytest.raises(SourceUnavailable) as caught,
    ):
        list(open_folder("work", imap_account.block(port=proxy.port), "", Opening()).read())

    assert not isinstance(caught.value, Misconfigured)
    assert said.split(" ", 1)[1].removeprefix("BYE ") in str(caught.value)
    assert "next run" in caught.value.told
    assert len(proxy.refused) <= 5


def test_a_run_that_is_to_end_is_not_kept_by_a_server_that_it_waits_for(imap_account):
    imap_account.deliver([mail(1)])
    stop, waited = Stop(), []

    def pause(seconds):
        waited.append(seconds)
        stop.set("it was told to end")
        stop.wait(seconds)
        stop.check()

    said = "BAD Request is throttled. Suggested Backoff Time: 240000 milliseconds"
    with refusing_proxy(imap_account.host, imap_account.port, "UID FETCH", said) as proxy:
        source = open_folder("work", imap_account.block(port=proxy.port), "", Opening(pause=pause))
        with pytest.raises(Stopped):
            list(source.read())

    assert waited == [240.0]


def test_a_server_that_wants_to_be_left_alone_for_hours_is_not_waited_for(imap_account):
    imap_account.deliver([mail(1)])
    said = "BAD Request is throttled. Suggested Backoff Time: 7200000 milliseconds"

    with refusing_proxy(imap_account.host, imap_account.port, "UID FETCH", said, said) as proxy:
        source = open_folder("work", imap_account.block(port=proxy.port), "", Opening())
        with pytest.raises(SourceUnavailable, match="7200000"):
            list(source.read())

    assert len(proxy.refused) == 1


@pytest.mark.parametrize("said", ["NO [AUTHENTICATIONFAILED] Invalid credentials", "NO [EXPIRED] Password expired"])
def test_a_wrong_password_is_still_a_setting(imap_account, said):
    with (
        refusing_proxy(imap_account.host, imap_account.port, "^(LOGIN|AUTH)", said) as proxy,
        pytest.raises(SourceError, match="check the block's user and secret"),
    ):
        open_folder("work", imap_account.block(port=proxy.port), "", Opening())


def test_a_charset_that_the_server_does_not_take_is_told(imap_account):
    said = "NO [BADCHARSET (US-ASCII)] Unknown charset"
    with (
        refusing_proxy(imap_account.host, imap_account.port, "CHARSET", said) as proxy,
        pytest.raises(SourceError, match="BADCHARSET"),
    ):
        open_folder("work", imap_account.block(port=proxy.port, search="SUBJECT Müller"), "", Opening())


@pytest.mark.parametrize(
    ("words", "wait_s"),
    [
        ("Request is throttled. Suggested Backoff Time: 2000 milliseconds", 2.0),
        ("[THROTTLED] Please retry after 90 seconds.", 90.0),
        ("[UNAVAILABLE] Try again in 5 minutes", 300.0),
        ("[LIMIT] Rate limit hit", None),
    ],
)
def test_how_long_to_wait_is_read_from_the_words(words, wait_s):
    refusal = passing_refusal(imaplib.IMAP4.error(f"UID command error: BAD [{words.encode()!r}]"))
    assert refusal is not None
    assert refusal.wait_s == wait_s
    assert words in refusal.words


@pytest.mark.parametrize("words", ["[CANNOT] Invalid mailbox name", "[NONEXISTENT] No such mailbox", "Syntax error"])
def test_what_does_not_pass_is_not_waited_for(words):
    assert passing_refusal(imaplib.IMAP4.error(f"SELECT command error: BAD [{words.encode()!r}]")) is None


def test_words_that_repeat_a_secret_are_not_passed_on():
    assert "YWxhZGRpbjpvcGVuc2VzYW1l" not in words_of(imaplib.IMAP4.error("BAD AUTH PLAIN YWxhZGRpbjpvcGVuc2VzYW1l"))
