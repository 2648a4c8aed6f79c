"""A mailbox writes as itself: its addresses, its signature, its mail server; and to all, where the rule says so."""

import email
from dataclasses import replace
from email.policy import default
from types import SimpleNamespace

import pytest
from imap_tools.folder import FolderInfo

from tasks.act.mailboxes import identify_mailbox
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.folders import find_folder
from tests.services.smtp_sink import running_smtp_sink
from tests.tasks.act.office import RAW, Office

SEND = {"action": "send_reply", "hold": False}
DRAFT = {"action": "draft_reply"}
TO = b"To: us@us.example"


def identity(**fields):
    known = {"host": "h", "user": "sales@us.example", "password": "p4ss", "from_address": "sales@us.example"}
    return Mailbox.model_validate({**known, "display_name": "Us, Sales", **fields}).identity


@pytest.fixture
def open_office(ledger_url, imap_account):
    def opened(raw=RAW, **fields):
        office = Office(ledger_url, imap_account, raw=raw, identity=identity(**fields))
        office.receive()
        return office

    return opened


def drafted(office):
    """The draft as mail programs read it."""
    (done,) = office.act(DRAFT)
    assert done["state"] == "done", done
    (draft,) = office.in_folder("Drafts")
    return email.message_from_bytes(draft.obj.as_bytes(), policy=default)


@pytest.mark.parametrize(
    ("written_to", "sender"),
    [
        ("us@us.example", "sales@us.example"),
        ("sales@us.example", "sales@us.example"),
        ("Shop <shop@us.example>", "shop@us.example"),
        ("Shop+2@US.example, sales@us.example", "shop@us.example"),
        ("ann@company.example\r\nCc: shop@us.example", "shop@us.example"),
        ("undisclosed:;\r\nDelivered-To: shop@us.example", "shop@us.example"),
    ],
)
def test_a_reply_goes_out_as_the_address_that_was_written_to(open_office, written_to, sender):
    office = open_office(RAW.replace(TO, f"To: {written_to}".encode()), aliases=["shop@us.example"])

    (address,) = drafted(office)["From"].addresses
    assert (address.addr_spec, address.display_name) == (sender, "Us, Sales")


def test_a_mailbox_without_an_address_writes_as_the_settings_say(open_office):
    assert drafted(open_office(from_address=""))["From"] == "Desk <desk@us.example>"


def test_a_signature_stands_between_the_reply_and_what_it_quotes(open_office):
    text = drafted(open_office(signature="Kind regards\nSales")).get_content()

    assert text.index("Wir sehen es uns an") < text.index("-- \nKind regards\nSales\n") < text.index("> Die Anmeldung")


def test_a_signature_in_html_gives_the_reply_a_part_in_html_in_which_no_word_is_markup(open_office):
    office = open_office(
        RAW.replace(b"Bitte helfen", b"<b>Bitte</b> helfen"), signature_html="<p><i>Sales</i> team</p>"
    )
    mail = drafted(office)

    assert mail.get_content_type() == "multipart/alternative"
    html = mail.get_body(("html",)).get_content()
    assert "<p><i>Sales</i> team</p>" in html
    assert "<blockquote>" in html
    assert "-- \nSales team" in mail.get_body(("plain",)).get_content()
    assert office.act(DRAFT)[0]["state"] == "done"
    assert len(office.in_folder("Drafts")) == 1


def test_a_mail_of_the_mailbox_itself_is_not_answered(open_office):
    office = open_office(RAW.replace(b"Ann Lee <ann@company.example>", b"shop@us.example"), aliases=["shop@us.example"])

    (skipped,) = office.act(DRAFT, automatic="")
    assert skipped["state"] == "skipped"


def test_each_mailbox_sends_by_its_own_server_and_keeps_a_copy_in_the_folder_for_it(open_office, smtp_sink):
    with running_smtp_sink() as own:
        office = open_office(
            smtp_host="127.0.0.1", smtp_port=own.port, smtp_encryption="none", smtp_user="", password=None,
            oauth2_token="t",
        )  # fmt: skip
        office.settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
        with office.login() as box:
            box.folder.create("Gesendet")
        (done,) = office.act(SEND)
        assert done["state"] == "done", done
        assert (len(own.mails), len(smtp_sink.mails)) == (1, 0)

    (copy,) = office.in_folder("Gesendet")
    assert copy.from_ == "sales@us.example"
    assert not office.in_folder("Sent")


MANY = b"To: us@us.example, Bob <bob@company.example>\r\nCc: all-list@company.example, carl@other.example, noreply@a.ex"


def test_to_all_copies_everybody_but_ourselves_lists_and_whom_it_goes_to(open_office, smtp_sink):
    office = open_office(RAW.replace(TO, MANY + b", sales@us.example, ann@company.example"))
    office.settings = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none"}
    office.settings["own_addresses"] = ["us@us.example"]

    (held,) = office.act({**SEND, "reply_all": True})
    (effect,) = office.effects()

    assert (held["state"], held["detail"]) == ("held", "it goes to 2 more, whom nobody but the mail names")
    assert effect.content["cc"] == ["bob@company.example", "carl@other.example"]
    office.approve(effect)
    ((recipients, raw),) = smtp_sink.mails
    assert recipients == ["ann@company.example", "bob@company.example", "carl@other.example"]
    assert email.message_from_bytes(raw, policy=default)["Cc"] == "bob@company.example, carl@other.example"


@pytest.mark.parametrize("head", [b"List-Id: <all.us.example>\r\n", b"Mailing-List: list all@us.example\r\n"])
def test_to_all_of_a_lists_mail_copies_nobody(open_office, head):
    office = open_office(head + RAW.replace(TO, MANY))
    office.act({**DRAFT, "reply_all": True, "hold": True})

    assert "cc" not in office.effects()[0].content


def test_to_all_makes_no_other_effect_of_a_reply(open_office):
    office = open_office()
    office.act({**DRAFT, "hold": True})
    office.act({**DRAFT, "hold": True, "reply_all": True})

    assert len(office.effects()) == 1


ANSWER = b"From: sales@us.example\r\nTo: ann@company.example\r\nMessage-ID: <own@us.example>\r\n"


@pytest.mark.parametrize(
    ("field", "state"),
    [(b"In-Reply-To: <second@company.example>", "skipped"),
     (b"References: <first@company.example>\r\n <second@company.example>", "skipped"),
     (b"In-Reply-To: <other@company.example>", "done")],
)  # fmt: skip
def test_a_mail_that_a_sent_mail_answers_is_not_drafted(open_office, field, state):
    office = open_office()
    with office.login() as box:
        box.folder.create("Sent")
        box.append(ANSWER + field + b"\r\n\r\nDone.\r\n", "Sent")

    (told,) = office.act(DRAFT)
    assert told["state"] == state


@pytest.fixture
def by_token(ledger_url, imap_account, smtp_sink):
    """An office whose mailbox sends with the access token that it is read with: first `old`, then `new`."""
    known = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none", "smtp_user": "sales"}
    own = replace(identity(), smtp=known, token=lambda anew: "new" if anew else "old")
    office = Office(ledger_url, imap_account, identity=own)
    office.receive()
    return office


@pytest.mark.parametrize(("taken", "given"), [("old", ["old"]), ("new", ["old", "new"])])
def test_a_mailbox_with_a_token_sends_with_it_and_with_a_new_one_where_that_was_revoked(
    by_token, smtp_sink, taken, given
):
    smtp_sink.login = taken

    (sent,) = by_token.act(SEND)

    assert (sent["state"], smtp_sink.tokens, len(smtp_sink.mails)) == ("done", given, 1), sent


@pytest.mark.parametrize(
    ("login", "state", "said"),
    [("other", "failed", "sign in again with `mailroom mailbox`"), ("busy", "planned", "takes no login now (454)")],
)
def test_a_token_that_is_refused_is_said(by_token, smtp_sink, login, state, said):
    smtp_sink.login = login

    (effect,) = by_token.act(SEND)

    assert (effect["state"], said in effect["detail"]) == (state, True), effect
    assert "old" not in effect["detail"]


@pytest.mark.parametrize("login", ["off", ""])
@pytest.mark.parametrize("way", ["token", "password"])
def test_where_smtp_auth_is_off_replies_are_drafted_and_that_is_said(by_token, smtp_sink, login, way):
    smtp_sink.login = login
    if way == "password":
        known = identity(smtp_host="127.0.0.1", smtp_port=smtp_sink.port, smtp_encryption="none", smtp_user="me")
        by_token.identity = known

    (effect,) = by_token.act(SEND)

    assert effect["detail"].startswith("NOT SENT, as the mail server"), effect
    assert "SMTP AUTH is off); draft put into `Drafts`" in effect["detail"]
    assert (smtp_sink.mails, len(by_token.in_folder("Drafts"))) == ([], 1)


@pytest.mark.parametrize(
    ("fields", "by_token"),
    [
        ({}, True),
        ({"smtp_encryption": "none"}, False),
        ({"smtp_user": "other", "smtp_password": "p4ss"}, False),
        ({"smtp_host": ""}, False),
        ({"oauth2_token": None, "password": "p4ss"}, False),
    ],
)
def test_a_mailbox_sends_by_its_token_unless_that_would_go_in_clear_or_it_has_another_login(
    imap_account, prefect_server, fields, by_token
):
    known = {"password": None, "oauth2_token": "t0ken", "smtp_host": "smtp.us.example", **fields}
    imap_account.block(**known).save("token-mailbox", overwrite=True, _sync=True)

    found = identify_mailbox("imap://token-mailbox")
    assert (found.token is not None) == by_token
    if by_token:
        assert (found.token(False), found.smtp["smtp_user"]) == ("t0ken", imap_account.user)


@pytest.mark.parametrize(
    ("folders", "named", "found"),
    [
        ([("Sent Items", ""), ("Gesendet", "\\Sent")], "", "Gesendet"),
        ([("INBOX", ""), ("Gesendete Elemente", "")], "", "Gesendete Elemente"),
        ([("INBOX", ""), ("INBOX/sent items", "")], "", "INBOX/sent items"),
        ([("Sent", ""), ("Sent Items", "")], "", "Sent"),
        ([("Sent", ""), ("Mine", "")], "Mine", "Mine"),
        ([("Sent", "")], "Mine", None),
        ([("INBOX", ""), ("Absent", "")], "", None),
    ],
)
def test_a_folder_is_found_by_its_mark_and_else_by_a_usual_name(folders, named, found):
    listed = [FolderInfo(name=name, delim="/", flags=tuple(filter(None, [flag]))) for name, flag in folders]
    box = SimpleNamespace(folder=SimpleNamespace(list=lambda: listed))

    assert find_folder(box, named, "Sent") == found
