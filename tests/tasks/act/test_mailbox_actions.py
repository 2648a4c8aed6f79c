import email
from email.policy import default

import pytest

from tasks.ledger.approvals import give_verdict
from tests.tasks.act.office import RAW, Office, files_in

LABEL = {"action": "label", "label": "mailroom_support"}
DRAFT = {"action": "draft_reply", "suggestion": 1}


@pytest.fixture
def office(ledger_url, imap_account):
    office = Office(ledger_url, imap_account)
    office.receive()
    return office


@pytest.fixture
def files_office(ledger_url):
    office = Office(ledger_url)
    office.receive()
    return office


def test_label_flag_and_move_reach_the_mail_in_that_order_and_leave_it_unread(office):
    with office.login() as box:
        box.folder.create("Done")

    done = office.act(
        LABEL, {"action": "flag"}, {"action": "move", "folder": "Done"}, {"action": "label", "label": "late"}
    )

    assert [(one["action"], one["state"]) for one in done] == [
        ("label", "done"), ("flag", "done"), ("move", "done"), ("label", "done"),
    ]  # fmt: skip
    assert office.in_folder("INBOX") == []
    (mail,) = office.in_folder("Done")
    assert set(mail.flags) >= {"mailroom_support", "\\Flagged", "late"}
    assert "\\Seen" not in mail.flags


def test_a_mailbox_whose_uids_were_made_anew_still_gets_the_right_mail(office):
    with office.login() as box:
        box.folder.create("Other")
        box.folder.set("INBOX")
        box.move(box.uids(), "Other")
        box.folder.set("Other")
        box.move(box.uids(), "INBOX")  # the same folder, another UID
    office.account.deliver([RAW.replace(b"second@", b"another@")])

    (done,) = office.act(LABEL)

    assert done["state"] == "done"
    assert {mail.obj["Message-ID"]: "mailroom_support" in mail.flags for mail in office.in_folder("INBOX")} == {
        "<second@company.example>": True, "<another@company.example>": False,
    }  # fmt: skip


def test_a_mail_that_is_gone_or_a_folder_that_is_not_there_is_said(office):
    (missing,) = office.act({"action": "move", "folder": "Nowhere"})
    assert (missing["state"], "no folder `Nowhere`" in missing["detail"]) == ("failed", True)

    with office.login() as box:
        box.folder.set("INBOX")
        box.delete(box.uids())
    (gone,) = office.act(LABEL)
    assert (gone["state"], "no longer in `INBOX`" in gone["detail"]) == ("failed", True)


def test_a_draft_appears_once_in_its_thread_in_full_letters(office):
    for _ in range(3):
        (done,) = office.act(DRAFT)

    assert done["state"] == "done"
    (draft,) = office.in_folder("Drafts")
    assert "\\Draft" in draft.flags
    assert draft.obj["In-Reply-To"] == "<second@company.example>"
    assert draft.obj["References"].split() == ["<first@company.example>", "<second@company.example>"]
    assert (draft.subject, draft.to, draft.from_) == ("Re: Login fails", ("ann@company.example",), "desk@us.example")
    assert draft.text.startswith("Wir sehen es uns an – danke.")
    assert "> Die Anmeldung schlägt fehl." in draft.text


def test_a_draft_for_mail_from_files_is_a_file_that_opens_as_a_draft(files_office, tmp_path):
    for _ in range(2):
        (done,) = files_office.act(DRAFT)

    assert done["state"] == "done"
    (raw,) = files_in(tmp_path / ".mailroom" / "drafts")
    mail = email.message_from_bytes(raw, policy=default)
    assert (mail["To"], mail["X-Unsent"]) == ("ann@company.example", "1")
    assert "Wir sehen es uns an – danke." in mail.get_content()


def test_what_needs_a_mailbox_is_skipped_with_the_reason_for_mail_from_files(files_office):
    done = files_office.act(LABEL, {"action": "flag"}, {"action": "move", "folder": "Done"})

    assert {one["state"] for one in done} == {"skipped"}
    assert "not from a mailbox" in done[0]["detail"]


def test_a_dry_run_shows_everything_and_does_nothing(office):
    planned = office.act(LABEL, DRAFT, dry_run=True)

    assert [one["state"] for one in planned] == ["dry run", "dry run"]
    assert planned[1]["target"] == "ann@company.example"
    assert office.in_folder("Drafts") == []
    assert "mailroom_support" not in office.in_folder("INBOX")[0].flags

    assert [one["state"] for one in office.act(LABEL, DRAFT)] == ["done", "done"]


def test_an_unverified_sender_is_answered_by_nobody(ledger_url, imap_account):
    office = Office(ledger_url, imap_account, raw=RAW.replace(b"dmarc=pass", b"dmarc=fail"))
    office.receive()

    (held,) = office.act(DRAFT)

    assert held["state"] == "held"
    assert "not verified" in held["detail"]
    assert office.in_folder("Drafts") == []


@pytest.mark.parametrize(
    ("reply", "doubts"),
    [
        ("See https://evil.example/x", []),
        ("Write to eve＠evil.example", []),
        ("Go to evil.com now", []),
        ("Fine", ["reply_names_address"]),
    ],
)
def test_a_suggestion_that_names_an_address_is_never_used(office, reply, doubts):
    (skipped,) = office.act(DRAFT, replies=[reply], doubts=doubts)

    assert skipped["state"] == "skipped"
    assert office.in_folder("Drafts") == []


@pytest.mark.parametrize("action", [DRAFT, {"action": "send_reply", "hold": False}])
def test_a_mail_that_was_answered_meanwhile_is_not_answered(office, smtp_sink, action):
    office.settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    mark_answered(office)

    (skipped,) = office.act(action)

    assert (skipped["state"], "answered it already" in skipped["detail"]) == ("skipped", True)
    assert (office.in_folder("Drafts"), smtp_sink.mails) == ([], [])


def test_one_that_was_answered_while_its_reply_was_held_is_not_answered_when_that_is_approved(office):
    office.act({**DRAFT, "hold": True})
    (held,) = office.effects()
    mark_answered(office)
    give_verdict(
        office.engine, held.effect_id, verdict="approved", shown_hash=held.content_hash, person="Pat", flow_run_id="r"
    )

    office.go_on(office.effects()[0])

    assert office.effects()[0].state == "skipped"
    assert office.in_folder("Drafts") == []


def test_a_mail_that_a_rule_of_ours_marked_as_answered_still_gets_its_draft(office):
    flag, draft = office.act({"action": "flag", "flag": "answered"}, DRAFT)
    assert (flag["state"], draft["state"]) == ("done", "done")


def test_a_mailbox_may_be_set_to_have_answered_mail_answered(office):
    office.answer_answered = True
    mark_answered(office)
    assert office.act(DRAFT)[0]["state"] == "done"


def mark_answered(office):
    with office.login() as box:
        box.folder.set("INBOX")
        box.client.uid("STORE", "1:*", "+FLAGS", "(\\Answered)")
