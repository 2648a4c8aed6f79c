"""A mail server is temporarily unavailable during effects: they are tried again, and errors have the server's words."""

import pytest

from tests.services.refusing_proxy import refusing_proxy
from tests.tasks.act.office import Office

LABEL = {"action": "label", "label": "mailroom_support"}
DRAFT = {"action": "draft_reply"}
BUSY = "NO [UNAVAILABLE] The store is busy"


@pytest.fixture
def office(ledger_url, imap_account, monkeypatch):
    monkeypatch.setattr("tasks.act.mailboxes._WAITS_S", (0.0, 0.0))
    office = Office(ledger_url, imap_account)
    office.receive()
    return office


@pytest.mark.parametrize("pattern", ["UID STORE", "UID FETCH", "SELECT", "APPEND", "LIST", "^(LOGIN|AUTH)"])
@pytest.mark.parametrize("said", [BUSY, "BAD Request is throttled. Suggested Backoff Time: 20 milliseconds"])
def test_what_passes_is_waited_for_and_done_once(office, pattern, said):
    with refusing_proxy(office.account.host, office.account.port, pattern, said, said) as proxy:
        office.port = proxy.port
        done = office.act(LABEL, DRAFT)
        office.port = None

    assert len(proxy.refused) == 2
    assert [(one["state"], one["detail"]) for one in done] == [
        ("done", "`mailroom_support` set"), ("done", "draft put into `Drafts`"),
    ]  # fmt: skip
    assert len(office.in_folder("Drafts")) == 1


def test_what_does_not_pass_stays_planned_with_the_servers_words_and_is_given_up_after_some_runs(office):
    states = []
    with refusing_proxy(office.account.host, office.account.port, "UID STORE", *[BUSY] * 50) as proxy:
        office.port = proxy.port
        for _ in range(5):
            (effect,) = office.act(LABEL)
            states.append(effect["state"])
        office.port = None

    assert states == ["planned"] * 4 + ["failed"]
    assert "[UNAVAILABLE] The store is busy" in effect["detail"]


def test_a_server_that_takes_no_charset_is_sent_none(office):
    office.account.build_anew()
    with refusing_proxy(office.account.host, office.account.port, "CHARSET", "NO [BADCHARSET] None") as proxy:
        office.port = proxy.port
        done = office.act(LABEL, {"action": "flag"}, DRAFT)

    assert [one["state"] for one in done] == ["done"] * 3
    assert proxy.refused == []
