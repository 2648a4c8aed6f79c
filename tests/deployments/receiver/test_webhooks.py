"""Posts to `/webhooks/mail`: accepted ones are on disk when they are acknowledged, others are refused with a reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from starlette.testclient import TestClient

from deployments.inbox.folder import open_inbox
from deployments.receiver.app import make_app
from tasks.parsing.read_mail import read_mail
from tasks.settings.inbox import GatherSettings
from tasks.settings.receiver import ReceiverSettings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MAIL = b"From: a@example.org\r\nSubject: Hello\r\n\r\nHow are you?\r\n"
RAW = {"content-type": "message/rfc822"}


def signed(body: bytes, message_id: str = "msg_1", at: float | None = None) -> dict[str, str]:
    stamp = str(int(at if at is not None else time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")).decode()
    return {**RAW, "webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def test_raw_mail_is_kept_byte_for_byte(receiver):
    body = MAIL + b"\xff\xfe\x00 any bytes"
    answer = receiver.client.post("/webhooks/mail", content=body, headers=RAW)
    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    assert list(receiver.files().values()) == [body]


def test_the_same_post_again_is_a_duplicate_and_kept_once(receiver):
    for status in (202, 200):
        assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW).status_code == status
    assert len(receiver.files()) == 1


def test_rows_of_a_table_become_a_table_in_the_inbox(receiver):
    rows = [
        {"id": "email_001", "content": "Crash on start", "sender": "john@company.com", "subject": "App",
         "target_language": "Japanese"},
        {"content": "No id here", "target_language": None},
    ]  # fmt: skip
    answer = receiver.client.post("/webhooks/mail", json=rows)
    assert answer.json()["mails"] == 2
    ((name, raw),) = receiver.files().items()
    assert name.endswith(".jsonl")
    kept = [json.loads(line) for line in raw.splitlines()]
    assert kept[0] == rows[0]
    assert kept[1]["id"] == "row-2"


def test_a_row_without_content_is_refused_by_name(receiver):
    answer = receiver.client.post("/webhooks/mail", json={"id": "1"})
    assert answer.status_code == 422
    assert "`0.content`" in answer.json()["detail"]
    assert receiver.files() == {}


@pytest.mark.parametrize("body", [b"", b"  \n", b"{", b"[]", b"[1]", b'"x"', b"[" * 100_000, b'{"FromFull": 1}'])
def test_json_that_is_no_mail_is_refused(receiver, body):
    answer = receiver.client.post("/webhooks/mail", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert receiver.files() == {}


def test_an_unknown_content_type_is_refused_with_those_that_are_taken(receiver):
    answer = receiver.client.post("/webhooks/mail", content=b"x", headers={"content-type": "image/png"})
    assert answer.status_code == 415
    assert "message/rfc822" in answer.json()["detail"]


def test_a_packed_body_is_refused_and_not_taken_for_a_mail(receiver):
    answer = receiver.client.post(
        "/webhooks/mail", content=b"\x1f\x8b\x08", headers={**RAW, "content-encoding": "gzip"}
    )
    assert answer.status_code == 415
    assert receiver.files() == {}


def test_postmark_mail_is_put_together_again(receiver):
    post = {
        "FromFull": {"Email": "jane@example.org", "Name": 'Jane "J" Doe'},
        "To": "in@example.com", "Subject": "Grüße\r\nBcc: evil@example.org", "TextBody": "Hallo Welt",
        "Headers": [{"Name": "Message-ID", "Value": "<1@example.org>"}, {"Name": "Content-Type", "Value": "x/y"}],
        "Attachments": [{"Name": "a.txt", "ContentType": "text/plain", "Content": base64.b64encode(b"hm").decode()}],
    }  # fmt: skip
    assert receiver.client.post("/webhooks/mail", json=post).status_code == 202
    (raw,) = receiver.files().values()
    mail = read_mail(raw)
    assert mail.subject == "Grüße Bcc: evil@example.org"
    assert "Hallo Welt" in mail.text
    assert b"\nBcc:" not in raw
    assert [part.name for part in mail.attachments] == ["a.txt"]


def test_postmark_raw_mail_is_taken_as_it_is(receiver):
    post = {"FromFull": {"Email": "a@example.org"}, "RawEmail": MAIL.decode(), "TextBody": "not this"}
    receiver.client.post("/webhooks/mail", json=post)
    assert list(receiver.files().values()) == [MAIL]


@pytest.mark.parametrize("field", ["email", "body-mime"])
def test_raw_mail_in_a_form_keeps_its_bytes(receiver, field):
    body = MAIL.replace(b"Hello", b"gr\xfc\xdfe")
    boundary = (
        b'--b\r\nContent-Disposition: form-data; name="' + field.encode() + b'"\r\n\r\n' + body + b"\r\n--b--\r\n"
    )
    answer = receiver.client.post(
        "/webhooks/mail", content=boundary, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 202
    assert list(receiver.files().values()) == [body]


def test_sendgrid_fields_are_put_together_again(receiver):
    form = {"headers": "Message-ID: <1@x>\nSubject: Hi\n there\nFrom: a@example.org", "text": "Body",
            "html": "<p>Body</p>", "charsets": '{"text": "utf-8"}'}  # fmt: skip
    files = {"attachment1": ("r.pdf", b"%PDF-1.4", "application/pdf")}
    assert receiver.client.post("/webhooks/mail", data=form, files=files).status_code == 202
    mail = read_mail(next(iter(receiver.files().values())))
    assert (mail.subject, mail.text.strip()) == ("Hi there", "Body")
    assert [part.name for part in mail.attachments] == ["r.pdf"]


def test_mailgun_fields_are_put_together_again(receiver):
    form = {
        "message-headers": '[["Message-Id", "<1@x>"], ["Subject", "Hi"]]',
        "from": "A <a@example.org>",
        "body-plain": "Body",
    }
    assert receiver.client.post("/webhooks/mail", data=form).status_code == 202
    mail = read_mail(next(iter(receiver.files().values())))
    assert (mail.subject, mail.sender_name, mail.sender_address) == ("Hi", "A", "a@example.org")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("application/x-www-form-urlencoded", b"other=field"),
        ("application/x-www-form-urlencoded", b"\xff=%ff&&&"),
    ],
)  # fmt: skip
def test_forms_of_nobody_are_refused(receiver, kind, body):
    answer = receiver.client.post("/webhooks/mail", content=body, headers={"content-type": kind})
    assert answer.status_code == 422


def test_signed_post_is_accepted_once_and_only_signed_ones_are(start_receiver):
    receiver = start_receiver(webhook_secret=SECRET)
    post = signed(MAIL)
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW).status_code == 401
    assert receiver.client.post("/webhooks/mail", content=MAIL + b"!", headers=post).status_code == 401
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=post).status_code == 202
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=post).status_code == 200
    old = signed(MAIL, "msg_2", at=time.time() - 301)
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=old).status_code == 401
    assert len(receiver.files()) == 1


def test_an_id_that_comes_again_with_another_body_is_a_conflict(start_receiver):
    receiver = start_receiver(webhook_secret=SECRET)
    other = MAIL + b"other"
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=signed(MAIL)).status_code == 202
    assert receiver.client.post("/webhooks/mail", content=other, headers=signed(other)).status_code == 409


def test_mailgun_token_counts_once(start_receiver):
    receiver = start_receiver(mailgun_signing_key="key-1")
    stamp, token = str(int(time.time())), "t" * 50
    signature = hmac.digest(b"key-1", f"{stamp}{token}".encode(), "sha256").hex()
    form = {"timestamp": stamp, "token": token, "signature": signature, "body-mime": MAIL.decode()}
    assert receiver.client.post("/webhooks/mail", data=form).status_code == 202
    assert receiver.client.post("/webhooks/mail", data=form).status_code == 200
    assert receiver.client.post("/webhooks/mail", data=form | {"signature": "0" * 64}).status_code == 401
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW).status_code == 401


def test_user_and_password_are_asked_for(start_receiver):
    receiver = start_receiver(basic_auth="post:secret")
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW, auth=("post", "guess")).status_code == 401
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW, auth=("post", "secret")).status_code == 202


def test_a_body_that_is_too_long_is_refused_whether_or_not_it_says_so(start_receiver):
    receiver = start_receiver(max_body_bytes=1_000)
    told = receiver.client.post("/webhooks/mail", content=b"x" * 1_001, headers=RAW)
    untold = receiver.client.post("/webhooks/mail", content=iter([b"x" * 600] * 2), headers=RAW)
    assert (told.status_code, untold.status_code) == (413, 413)
    assert receiver.files() == {}


def test_bodies_held_together_have_a_limit_and_free_it_again(start_receiver):
    receiver = start_receiver(max_in_flight_bytes=1_000)
    assert receiver.client.post("/webhooks/mail", content=b"x" * 1_001, headers=RAW).status_code == 503
    for number in range(3):
        body = str(number).encode() * 900
        assert receiver.client.post("/webhooks/mail", content=body, headers=RAW).status_code == 202


def test_an_address_that_posts_too_often_is_told_how_long_to_wait(start_receiver):
    receiver = start_receiver(rate_per_s=0.01, rate_burst=2)
    answers = [receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 100


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"host": "rebound.example:8000"}]
)
def test_a_browser_is_not_made_to_post_for_another_site(receiver, headers):
    answer = receiver.client.post("/webhooks/mail", content=MAIL, headers={**RAW, **headers})
    assert answer.status_code == 403
    assert receiver.files() == {}


def test_disk_that_fails_is_no_acknowledgement(receiver, monkeypatch):
    folder = next(iter(receiver.data_dir.iterdir()))
    state = receiver.client.app.state.receiver

    def full(_raw: bytes, _name: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state.spool, "_put", full)
    answer = receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW)
    assert (answer.status_code, answer.json()["detail"]) == (507, "The disk is full; free some space.")
    monkeypatch.undo()
    assert receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW).status_code == 202
    assert folder.exists()


def test_ledger_that_cannot_be_opened_is_no_acknowledgement_either(tmp_path):
    (tmp_path / "ledger").write_bytes(b"no database" * 500)
    ledger_url = f"sqlite:///{tmp_path / 'ledger'}"

    async def announce(_mails: int) -> None:
        return None

    app = make_app(
        ReceiverSettings(), GatherSettings(), open_inbox(tmp_path / "data", ledger_url), ledger_url, announce
    )
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.post("/webhooks/mail", content=MAIL, headers=RAW)
        ready = client.get("/ready")
    assert (answer.status_code, answer.json()["detail"]) == (503, "The ledger can't be used; see `/ready`.")
    assert (ready.status_code, ready.json()["disk"]) == (503, "ok")


def test_what_was_stored_is_announced_at_the_latest_when_the_receiver_ends(start_receiver):
    receiver = start_receiver()
    receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW)
    receiver.client.__exit__(None, None, None)
    assert sum(receiver.told) == 1
    receiver.client.__enter__()  # the fixture ends it once more


def test_delivery_is_named_by_its_content(receiver):
    answer = receiver.client.post("/webhooks/mail", content=MAIL, headers=RAW)
    expected = hashlib.sha256(b"body:" + hashlib.sha256(MAIL).hexdigest().encode()).hexdigest()
    assert answer.json()["delivery"] == expected
