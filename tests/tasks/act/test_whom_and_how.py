"""Automatic replies: their recipients, addresses and header fields, on dovecot and a real SMTP server."""

import email
from dataclasses import replace as changed
from email.policy import default

import pytest

from tasks.act.approval.verdicts import with_recipient
from tasks.ledger.approvals import give_verdict
from tests.tasks.act.office import RAW, Office

SEND = {"action": "send_reply", "suggestion": 1, "hold": False}
DRAFT = {"action": "draft_reply", "suggestion": 1}
ANN = b"From: Ann Lee <ann@company.example>"


def with_header(*lines, raw=RAW):
    return raw.replace(b"To: us@us.example", "\r\n".join(["To: us@us.example", *lines]).encode())


@pytest.fixture
def office_for(ledger_url, imap_account, smtp_sink):
    """An office that has received one mail, and can send."""

    def made(raw, **settings):
        sending = {"smtp_host": "127.0.0.1", "smtp_port": smtp_sink.port, "smtp_tls": "none", **settings}
        office = Office(ledger_url, imap_account, sending, raw)
        office.receive()
        return office

    return made


def sent(smtp_sink):
    return [email.message_from_bytes(raw, policy=default) for _, raw in smtp_sink.mails]


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        (RAW.replace(b"ann@company", b"nicht.antworten@company"), "skipped"),
        (with_header("X-Loop: desk@us.example"), "skipped"),
        (RAW.replace(b"<second@company.example>", b"<mailroom." + b"0f" * 20 + b"@us.example>"), "skipped"),
        (RAW.replace(b"ann@company", b"desk+news@us").replace(b"from=company", b"from=us"), "skipped"),
        (RAW.replace(b"text/plain;", b"text/calendar; method=COUNTER;"), "skipped"),
        (with_header("Auto-Submitted: auto-notified"), "held"),
        (with_header("X-Auto-Response-Suppress: OOF"), "held"),
        (with_header("Precedence: list"), "held"),
        (with_header("Feedback-ID: 1:2:a"), "held"),
        (with_header("Auto-Submitted: no", "X-Auto-Response-Suppress: None"), "done"),
    ],
)
def test_a_program_is_never_answered_by_itself_whatever_the_rule_says(office_for, smtp_sink, raw, state):
    (effect,) = office_for(raw).act(SEND)

    assert (effect["state"], len(smtp_sink.mails)) == (state, int(state == "done"))


def test_a_reply_that_no_person_approved_says_so_and_an_approved_one_does_not(office_for, smtp_sink):
    office = office_for(RAW)
    office.act(SEND)
    (held,) = office.act({**SEND, "suggestion": 2, "hold": True})
    effect = next(one for one in office.effects() if one.effect_id == held["effect_id"])
    give_verdict(
        office.engine,
        effect.effect_id,
        verdict="approved",
        shown_hash=effect.content_hash,
        person="Jo",
        flow_run_id="r",
    )
    office.go_on(changed(effect, state="planned"))

    by_itself, approved = sent(smtp_sink)
    assert by_itself["Auto-Submitted"] == "auto-replied"
    assert by_itself["X-Loop"] == "desk@us.example"
    assert (approved["Auto-Submitted"], approved["X-Loop"]) == (None, None)


def test_a_second_reply_to_a_sender_waits_for_a_person_and_says_why(office_for, smtp_sink):
    office = office_for(RAW)

    done, held = office.act(SEND, {**SEND, "suggestion": 2})

    assert (done["state"], held["state"], len(smtp_sink.mails)) == ("done", "held", 1)
    assert "MAILROOM_REPLIES_PER_SENDER" in held["detail"]


def test_a_reply_that_was_refused_is_not_counted(office_for, smtp_sink):
    office = office_for(RAW)
    smtp_sink.refuse_with = "550 No such user"
    office.act(SEND)
    smtp_sink.refuse_with = ""

    (done,) = office.act({**SEND, "suggestion": 2})

    assert done["state"] == "done"


@pytest.mark.parametrize("reply_to", ["<>", "", "undisclosed-recipients:;", "Ann Lee"])
def test_a_reply_to_that_names_no_address_counts_as_none(office_for, smtp_sink, reply_to):
    office_for(with_header(f"Reply-To: {reply_to}")).act(SEND)

    assert [to for to, _ in smtp_sink.mails] == [["ann@company.example"]]


@pytest.mark.parametrize(
    ("raw", "candidates"),
    [
        (
            with_header("Reply-To: Carl <carl@c.example>").replace(ANN, b"From: Form <noreply@us.example>"),
            ["carl@c.example"],
        ),
        (
            with_header("Reply-To: carl@c.example, kim@c.example").replace(ANN, b"From: Form <desk@us.example>"),
            ["carl@c.example", "kim@c.example"],
        ),
        (
            with_header("Reply-To: carl@c.example").replace(ANN, b"From: Shop <do-not-reply@company.example>"),
            ["carl@c.example"],
        ),
        (
            with_header(
                "Reply-To: list@company.example",
                "List-Id: <list.company.example>",
                "X-Original-From: Bo <bo@b.example>",
            ).replace(ANN, b"From: Bo via List <list@company.example>"),
            ["list@company.example", "bo@b.example"],
        ),
        (with_header("Reply-To: carl@c.example"), ["carl@c.example", "ann@company.example"]),
    ],
)  # fmt: skip
def test_where_it_is_open_whom_to_answer_a_person_chooses_among_all(office_for, smtp_sink, raw, candidates):
    office = office_for(raw)
    (told,) = office.act(DRAFT)
    (effect,) = office.effects()

    assert (told["state"], effect.content["to"]) == ("held", "")
    assert [one["address"] for one in effect.content["candidates"]] == candidates
    assert office.in_folder("Drafts") == []

    content = with_recipient(effect.content, candidates[-1])
    give_verdict(
        office.engine, effect.effect_id, verdict="approved", shown_hash=effect.content_hash, person="Jo",
        flow_run_id="r", content=content,
        target=candidates[-1],
    )  # fmt: skip
    office.go_on(changed(effect, state="planned"))
    assert [mail.to for mail in office.in_folder("Drafts")] == [(candidates[-1],)]


def idn(local="joerg", domain="müller.example"):
    return RAW.replace(ANN, f"From: Jo <{local}@{domain}>".encode()).replace(
        b"from=company.example", b"from=xn--mller-kva.example"
    )


def test_a_domain_of_other_letters_is_answered_in_idna(office_for, smtp_sink):
    office_for(idn()).act(SEND)

    ((to, raw),) = smtp_sink.mails
    assert to == ["joerg@xn--mller-kva.example"]
    assert b"To: joerg@xn--mller-kva.example" in raw


def test_an_address_of_other_letters_is_sent_where_the_server_takes_it_and_held_where_not(
    office_for, smtp_sink, imap_account
):
    office = office_for(idn("jörg"))
    smtp_sink.smtputf8 = False
    (held,) = office.act(SEND)
    assert held["state"] == "held"
    assert "SMTPUTF8" in held["detail"]

    smtp_sink.smtputf8 = True
    draft, done = office.act(DRAFT, {**SEND, "suggestion": 2})
    assert (draft["state"], done["state"]) == ("done", "done")
    assert [to for to, _ in smtp_sink.mails] == [["jörg@xn--mller-kva.example"]]
    assert "jörg@".encode() in office.in_folder("Drafts")[0].obj.as_bytes(policy=default.clone(utf8=True))


@pytest.mark.parametrize("length", [76, 198, 210, 400, 900, 980])
def test_ids_go_out_as_they_came_whatever_their_length(office_for, smtp_sink, length):
    own = "x" * (length - len("@company.example")) + "@company.example"
    before = [f"{'y' * (length - 10)}{number}@y.example" for number in range(3)]
    raw = RAW.replace(b"second@company.example", own.encode())
    raw = raw.replace(b"<first@company.example>", "\r\n ".join(f"<{one}>" for one in before).encode())
    office_for(raw).act(SEND)

    ((_, wire),) = smtp_sink.mails
    head = wire.partition(b"\r\n\r\n")[0]
    unfolded = head.replace(b"\r\n ", b" ")
    assert f"In-Reply-To: <{own}>".encode() in unfolded
    assert b"References: " + b" ".join(f"<{one}>".encode() for one in [*before, own]) in unfolded
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert b"=?" not in head.partition(b"References")[2].partition(b"MIME")[0]


@pytest.mark.parametrize("own", ["two words@company.example", "ünï@company.example", "x" * 1500 + "@company.example"])
def test_an_id_that_cannot_stand_in_a_header_is_left_out_whole(office_for, smtp_sink, own):
    office_for(RAW.replace(b"second@company.example", own.encode())).act(SEND)

    (mail,) = sent(smtp_sink)
    assert mail["In-Reply-To"] is None
    assert mail["References"] == "<first@company.example>"


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        (
            "[Ticket#1001] Outage of shop.acme.example since Monday",
            "Re: [Ticket#1001] Outage of shop.acme.example since Monday",
        ),
        ("AW: Call +49 170 1234567  now", "AW: Call +49 170 1234567  now"),
        ("Re[2]: Frage", "Re[2]: Frage"),
        ("SV: Hej", "SV: Hej"),
        ("Fwd: Übersicht für main.py", "Re: Fwd: Übersicht für main.py"),
        ("Reform: what now?", "Re: Reform: what now?"),
        ("Hi\r\nBcc: eve@thief.example", "Re: Hi Bcc: eve@thief.example"),
        ("", "Re:"),
    ],
)
def test_the_subject_goes_back_as_it_came(office_for, smtp_sink, subject, answered):
    office_for(RAW).act(SEND, subject=subject)

    ((to, _),) = smtp_sink.mails
    (mail,) = sent(smtp_sink)
    assert " ".join(str(mail["Subject"]).split(" ")) == answered
    assert (mail["Bcc"], to) == (None, ["ann@company.example"])


def test_a_rule_may_let_a_reply_name_the_verified_senders_own_domain(office_for, smtp_sink):
    office = office_for(RAW)
    replies = ["See https://www.company.example/help", "Thanks"]

    assert office.act(SEND, replies=replies)[0]["state"] == "skipped"
    assert office.act({**SEND, "sender_links": True}, replies=replies)[0]["state"] == "done"
    assert (
        office.act({**SEND, "sender_links": True, "suggestion": 2}, replies=["Ask eve@thief.example", "Ok"])[0]["state"]
        == "skipped"
    )


def test_what_the_operator_lists_may_stand_in_a_reply(office_for, smtp_sink):
    office = office_for(RAW, allowed_links=("help.us.example", "+49 30 123456"))

    (done,) = office.act(
        SEND, replies=["Call +49 (30) 123456 or see https://help.us.example/start"], doubts=["reply_names_address"]
    )

    assert done["state"] == "done"
