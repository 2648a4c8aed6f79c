"""Effects reach only the mail on record, whatever happens to its UID, and even if others use its Message-ID."""

import pytest

from tasks.act.reconcile import reconcile
from tasks.ledger.messages import Seen, record_seen
from tests.tasks.act.office import RAW, SOURCE, Office

LABEL = {"action": "label", "label": "mailroom_support"}
MOVE = {"action": "move", "folder": "Done"}
FORGED = RAW.replace(b"Bitte helfen Sie.", b"Bitte zahlen Sie.")  # of the same size, under the same Message-ID
BY_A_LIST = RAW.replace(b"Subject: Login", b"List-Id: <all.us.example>\r\nSubject: [all] Login")


@pytest.fixture
def office(ledger_url, imap_account):
    office = Office(ledger_url, imap_account)
    office.receive()
    with office.login() as box:
        box.folder.create("Done")
    return office


def labelled(office, folder="INBOX"):
    """The bodies and subjects of the mails that bear our keyword."""
    return [(mail.subject, mail.text.split()[-2]) for mail in office.in_folder(folder) if LABEL["label"] in mail.flags]


def to_folder(office, folder, count=1):
    """The mailbox's owner moves the first mails of INBOX."""
    with office.login() as box:
        if not box.folder.exists(folder):
            box.folder.create(folder)
        box.folder.set("INBOX")
        box.move(box.uids()[:count], folder)


@pytest.mark.parametrize("double", [FORGED, BY_A_LIST, RAW], ids=["forged", "by a list", "the same to the byte"])
def test_a_double_in_the_folder_is_left_alone(office, double):
    office.account.deliver([double])

    (done,) = office.act(LABEL)

    assert done["state"] == "done"
    first, second = office.in_folder("INBOX")
    assert ("mailroom_support" in first.flags, "mailroom_support" in second.flags) == (True, False)


@pytest.mark.parametrize("double", [FORGED, BY_A_LIST], ids=["forged", "by a list"])
@pytest.mark.parametrize("action", [LABEL, MOVE, {"action": "flag"}], ids=["label", "move", "flag"])
def test_a_double_is_not_taken_for_a_mail_that_its_owner_deleted(office, double, action):
    office.account.deliver([double])
    with office.login() as box:
        box.folder.set("INBOX")
        box.delete(box.uids()[:1])

    (failed,) = office.act(action)

    assert (failed["state"], "no longer in `INBOX`" in failed["detail"]) == ("failed", True)
    (left,) = office.in_folder("INBOX")
    assert not {"mailroom_support", "\\Flagged"} & set(left.flags)


@pytest.mark.parametrize("double", [FORGED, BY_A_LIST], ids=["forged", "by a list"])
def test_uids_given_anew_lead_to_the_mail_and_not_to_its_double(office, double):
    office.account.deliver([double])
    office.in_folder("INBOX")
    office.account.build_anew()

    assert office.act(LABEL)[0]["state"] == "done"
    assert labelled(office) == [("Login fails", "helfen")]


def test_a_uid_that_a_server_gave_again_under_the_same_uidvalidity_is_noticed(ledger_url, imap_account):
    office = Office(ledger_url, imap_account)
    imap_account.deliver([FORGED, RAW])
    place = f"INBOX/{validity_of(office)}/1"  # where the double lies now
    record_seen(office.engine, [Seen(message_key="m1", source=SOURCE, place=place, source_id="1", raw=RAW)])

    assert office.act(LABEL)[0]["state"] == "done"
    assert labelled(office) == [("Login fails", "helfen")]


def test_of_two_that_fit_to_the_byte_none_is_touched_and_the_reconciler_says_so_in_the_end(office):
    office.account.deliver([RAW])
    office.in_folder("INBOX")
    office.account.build_anew()

    (unclear,) = office.act(LABEL)

    assert (unclear["state"], "2 mails in `INBOX` fit" in unclear["detail"]) == ("ambiguous", True)
    assert labelled(office) == []
    for _ in range(4):
        reconcile_once(office)
    (effect,) = office.effects()
    assert (effect.state, "2 mails in `INBOX` fit" in effect.detail) == ("failed", True)


def test_the_reconciler_goes_on_when_one_of_two_is_gone(office):
    office.account.deliver([RAW])
    office.in_folder("INBOX")
    office.account.build_anew()
    office.act(LABEL)
    with office.login() as box:
        box.folder.set("INBOX")
        box.delete(box.uids()[:1])

    reconcile_once(office)

    assert office.effects()[0].state == "done"


def test_a_label_follows_a_mail_that_its_owner_moved_and_a_move_does_not(office):
    office.account.deliver([FORGED])
    to_folder(office, "Entwürfe & Ideen")

    label, move = office.act(LABEL, MOVE)

    assert label["state"] == "done"
    assert (move["state"], "moved the mail to `Entwürfe & Ideen`" in move["detail"]) == ("failed", True)
    assert labelled(office, "Entwürfe & Ideen") == [("Login fails", "helfen")]
    assert (office.in_folder("Done"), labelled(office)) == ([], [])


def test_a_forged_double_in_the_folder_that_a_mail_is_to_be_moved_to_does_not_pass_for_it(office):
    office.account.deliver([FORGED])
    with office.login() as box:
        box.folder.set("INBOX")
        box.move(box.uids()[1:], "Done")

    assert office.act(MOVE)[0]["state"] == "done"
    assert len(office.in_folder("Done")) == 2
    assert office.in_folder("INBOX") == []


def test_a_mail_whose_server_added_fields_and_folded_lines_is_still_the_same(office):
    changed = RAW.replace(b"References: <first", b"References:\r\n\t<first")
    changed = (
        b"Received: from old.example by new.example; Tue, 24 Nov 2026 10:00:00 +0000\r\nX-Moved: yes\r\n" + changed
    )
    office.account.deliver([changed, FORGED])
    with office.login() as box:
        box.folder.set("INBOX")
        box.delete(box.uids()[:1])

    assert office.act(LABEL)[0]["state"] == "done"
    assert labelled(office) == [("Login fails", "helfen")]


@pytest.mark.parametrize(
    "message_id",
    [b"", b"Message-ID: <\xc3\xbcber@company.example>\r\n", b'Message-ID: <"a b\\"c"@company.example>\r\n'],
    ids=["none", "not ASCII", "quotes"],
)  # fmt: skip
def test_a_mail_without_an_id_that_can_be_searched_is_found_again(ledger_url, imap_account, message_id):
    raw = RAW.replace(b"Message-ID: <second@company.example>\r\n", message_id)
    office = Office(ledger_url, imap_account, raw=raw)
    office.receive()
    imap_account.deliver([raw.replace(b"helfen", b"zahlen")])
    office.in_folder("INBOX")
    imap_account.build_anew()

    assert office.act(LABEL)[0]["state"] == "done"
    assert labelled(office) == [("Login fails", "helfen")]


def test_a_mail_that_was_on_record_from_a_file_is_known_where_it_was_seen_in_a_mailbox(ledger_url, imap_account):
    office = Office(ledger_url)
    office.receive()
    office.account = imap_account
    imap_account.deliver([b"Received: from a.example by b.example; Tue, 24 Nov 2026 09:00:01 +0000\r\n" + RAW])
    place = f"INBOX/{validity_of(office)}/1"
    record_seen(office.engine, [Seen(message_key="m1", source=SOURCE, place=place, source_id="1", raw=RAW)])

    assert office.act(LABEL)[0]["state"] == "done"


def test_our_message_id_in_a_strangers_mail_neither_stops_a_draft_nor_passes_for_a_sent_reply(office, smtp_sink):
    office.settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    smtp_sink.cut = "after data"
    office.act({"action": "draft_reply"}, {"action": "send_reply", "hold": False})
    (draft,) = office.in_folder("Drafts")
    with office.login() as box:
        box.folder.set("Drafts")
        box.delete(box.uids())
        box.folder.create("Sent")
        for effect in office.effects():
            forged = f"Message-ID: <mailroom.{effect.effect_id[:40]}@us.example>\r\nSubject: x\r\n\r\nx\r\n".encode()
            box.append(forged, "Sent" if effect.action == "send_reply" else "Drafts")
    smtp_sink.cut = ""

    reconcile_once(office)
    assert office.effects()[-1].state == "ambiguous"
    again = Office(office.ledger_url + "2", office.account)
    record_seen(
        again.engine,
        [Seen(message_key="m1", source=SOURCE, place=f"INBOX/{validity_of(office)}/1", source_id="1", raw=RAW)],
    )
    assert again.act({"action": "draft_reply"})[0]["state"] == "done"
    assert draft.obj["Message-ID"] in [
        mail.obj["Message-ID"] for mail in office.in_folder("Drafts") if "\\Draft" in mail.flags
    ]


def test_a_draft_that_its_owner_changed_is_not_put_again(ledger_url, imap_account):
    office = Office(ledger_url, imap_account)
    office.receive()
    office.act({"action": "draft_reply"})
    (draft,) = office.in_folder("Drafts")
    with office.login() as box:
        box.folder.set("Drafts")
        box.delete(box.uids())
        changed = draft.obj.as_bytes().replace(b"Wir sehen es uns an", b"Ich sehe es mir an")
        box.append(changed, "Drafts", flag_set=["\\Draft"])
    again = Office(ledger_url + "2", imap_account)
    record_seen(
        again.engine,
        [Seen(message_key="m1", source=SOURCE, place=f"INBOX/{validity_of(office)}/1", source_id="1", raw=RAW)],
    )

    (done,) = again.act({"action": "draft_reply"})

    assert "already" in done["detail"]
    assert len(office.in_folder("Drafts")) == 1


def validity_of(office):
    with office.login() as box:
        return box.folder.status("INBOX", ["UIDVALIDITY"])["UIDVALIDITY"]


def reconcile_once(office):
    outbox = office.outbox()
    reconcile(outbox, untouched_s=0)
    outbox.mailboxes.close()
