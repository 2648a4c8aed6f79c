import email
from email.policy import default

import pytest

from tasks.act.reconcile import reconcile
from tests.tasks.act.office import Office

SEND = {"action": "send_reply", "suggestion": 1, "hold": False}


@pytest.fixture
def office(ledger_url, imap_account, smtp_sink):
    settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    office = Office(ledger_url, imap_account, settings)
    office.receive()
    return office


def test_a_reply_is_sent_once_to_the_verified_sender_with_a_copy_among_the_sent(office, smtp_sink):
    for _ in range(3):
        (done,) = office.act(SEND)

    assert done["state"] == "done"
    ((recipients, raw),) = smtp_sink.mails
    mail = email.message_from_bytes(raw, policy=default)
    assert recipients == ["ann@company.example"]
    assert mail["In-Reply-To"] == "<second@company.example>"
    assert mail.get_content().startswith("Wir sehen es uns an – danke.")
    (copy,) = office.in_folder("Sent")
    assert copy.obj["Message-ID"] == mail["Message-ID"]


def test_a_cut_after_the_data_is_ambiguous_and_nothing_is_sent_again_blindly(office, smtp_sink):
    smtp_sink.cut = "after data"
    (cut,) = office.act(SEND)
    smtp_sink.cut = ""
    (still,) = office.act(SEND)

    assert (cut["state"], still["state"]) == ("ambiguous", "ambiguous")
    assert len(smtp_sink.mails) == 1


def test_the_reconciler_finds_the_copy_the_server_kept(office, smtp_sink):
    smtp_sink.cut = "after data"
    office.act(SEND)
    with office.login() as box:
        box.folder.create("Sent")
        box.append(smtp_sink.mails[0][1], "Sent")  # what some servers do themselves

    reconcile_once(office)

    (effect,) = office.effects()
    assert (effect.state, len(smtp_sink.mails)) == ("done", 1)


def test_without_a_copy_the_reconciler_asks_a_person_who_may_send_it_after_all(office, smtp_sink):
    smtp_sink.cut = "after data"
    office.act(SEND)
    smtp_sink.cut = ""
    for _ in range(5):
        reconcile_once(office)

    (effect,) = office.effects()
    assert (effect.state, effect.needs_approval, len(smtp_sink.mails)) == ("held", True, 1)
    assert "may have happened already" in effect.content["warning"]


def test_a_refusal_is_a_failure_and_a_server_that_is_away_is_tried_again_by_the_reconciler(office, smtp_sink):
    smtp_sink.refuse_with = "550 No such user"
    (refused,) = office.act(SEND)
    assert (refused["state"], "550" in refused["detail"]) == ("failed", True)

    away = office.settings | {"smtp_port": 1}
    office.settings, here = away, office.settings
    (waiting,) = office.act(SEND)
    assert (waiting["state"], "can't be reached" in waiting["detail"]) == ("planned", True)

    office.settings, smtp_sink.refuse_with = here, ""
    reconcile_once(office)
    assert (office.effects()[0].state, len(smtp_sink.mails)) == ("done", 1)


def reconcile_once(office):
    outbox = office.outbox()
    try:
        return reconcile(outbox, untouched_s=0)
    finally:
        outbox.mailboxes.close()


def test_the_reconciler_keeps_a_mails_order(office, smtp_sink):
    smtp_sink.cut = "after data"
    done = office.act({"action": "label", "label": "first"}, SEND, {"action": "label", "label": "after"})
    assert [one["state"] for one in done] == ["done", "ambiguous", "planned"]

    reconcile_once(office)
    assert [one.state for one in office.effects()] == ["done", "ambiguous", "planned"], "the second is not known yet"

    with office.login() as box:
        box.append(smtp_sink.mails[0][1], "Sent")
    reconcile_once(office)
    assert [one.state for one in office.effects()] == ["done", "done", "done"]
