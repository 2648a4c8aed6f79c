"""The main job over a mailbox on a real mail server, with all that such servers do."""

import json

import pytest

from flows.process_mail import process_mail
from tasks.ledger.outcomes import read_run
from tasks.mailbox.imap.connection import connected
from tasks.settings import read_settings
from tests.services.refusing_proxy import refusing_proxy
from tests.tasks.act.office import RAW

THROTTLED = "BAD Request is throttled. Suggested Backoff Time: 20 milliseconds"


@pytest.fixture
def run(prefect_server, provider_env, imap_account, monkeypatch, tmp_path):
    """Runs the flow over the account's INBOX, reached at a port; gives its last state and its outcome rows."""
    monkeypatch.setattr("tasks.mailbox.imap.reading.RECONNECT_AFTER_S", (0.0,) * 3)

    def run_flow(port=None, *, then=(), **parameters):
        imap_account.block(port=port or imap_account.port).save("test-mailbox", overwrite=True, _sync=True)
        rules = tmp_path / "rules.yaml"
        rules.write_text(json.dumps({"rules": [{"name": "all", "when": "true", "then": list(then)}]}))
        monkeypatch.setenv("MAILROOM_RULES_FILE", str(rules))
        state = process_mail("imap://test-mailbox", return_state=True, **parameters)
        return state, read_run(read_settings().ledger, str(state.state_details.flow_run_id))

    return run_flow


def mails(*numbers):
    return [RAW.replace(b"second@", b"%d@" % number) for number in numbers]


def test_a_server_that_throttles_is_waited_for_and_one_that_goes_on_is_named_in_its_own_words(run, imap_account):
    imap_account.deliver(mails(1, 2))

    with refusing_proxy(imap_account.host, imap_account.port, "UID FETCH", *[THROTTLED] * 20) as proxy:
        state, rows = run(proxy.port)
        assert (state.name, rows) == ("SourceUnavailable", [])
        assert "Request is throttled. Suggested Backoff Time: 20 milliseconds" in state.message
        proxy.answers.clear()
        proxy.answers.append(THROTTLED)
        state, rows = run(proxy.port)

    assert (state.name, [row["status"] for row in rows]) == ("Completed", ["COMPLETED"] * 2)


def test_uids_that_are_given_again_hide_no_mail_and_nothing_is_done_twice(run, imap_account):
    flag = {"action": "flag"}
    imap_account.deliver(mails(1, 2, 3))
    run(then=[flag], dry_run=False)
    with connected(imap_account.block()) as box:
        box.delete(["1", "2"])
    imap_account.build_anew(uidvalidity=False)
    imap_account.deliver(mails(4))

    state, rows = run(then=[flag], dry_run=False)

    assert sorted(row["status"] for row in rows) == ["COMPLETED", "SKIPPED"]
    assert state.message.endswith("effects: 1 done")
    with connected(imap_account.block()) as box:
        assert ["\\Flagged" in mail.flags for mail in box.fetch(mark_seen=False)] == [True, True]


def test_a_run_whose_effects_fail_says_so_in_its_state(run, imap_account):
    imap_account.deliver(mails(1))

    state, _ = run(then=[{"action": "move", "folder": "Nowhere"}], dry_run=False)

    assert (state.name, "effects: 1 failed" in state.message) == ("EffectsNotDone", True)
