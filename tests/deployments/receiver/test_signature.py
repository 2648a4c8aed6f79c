"""Proofs of posts: the published test vector of Standard Webhooks, and rejected ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.receiver.signature import (
    WINDOW_S,
    NotProven,
    bearer_matches,
    prove_basic,
    prove_mailgun,
    prove_standard,
)

# Published in the test suites of the reference libraries (github.com/standard-webhooks/standard-webhooks).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
OTHER_KEY = b"another key of twenty-four bytes"
NOW = 1_614_265_330
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(NOW),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_published_vector_is_accepted():
    proof = prove_standard(BODY, HEADERS, (KEY,), NOW)
    assert proof.digest == hashlib.sha256(BODY).hexdigest()


def signature_of(signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()


@pytest.mark.parametrize(
    ("message_id", "body"),
    [("msg_1", f"{NOW}.Subject: a".encode()), (f"msg_1.{NOW}", b"Subject: a")],
    ids=["as it was sent", "split otherwise"],
)
def test_what_is_signed_is_one_delivery_only(message_id, body):
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(NOW),
        "webhook-signature": signature_of(f"msg_1.{NOW}.{NOW}.Subject: a".encode()),
    }
    if "." in message_id:
        with pytest.raises(NotProven, match="full stop"):
            prove_standard(body, headers, (KEY,), NOW)
    else:
        assert prove_standard(body, headers, (KEY,), NOW)


@pytest.mark.parametrize("late_s", [-WINDOW_S, 0, WINDOW_S])
def test_window_is_five_minutes_both_ways(late_s):
    assert prove_standard(BODY, HEADERS, (KEY,), NOW + late_s)


@pytest.mark.parametrize("late_s", [-WINDOW_S - 1, WINDOW_S + 1, 86_400])
def test_replay_outside_the_window_is_refused(late_s):
    with pytest.raises(NotProven, match="300 s"):
        prove_standard(BODY, HEADERS, (KEY,), NOW + late_s)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF="},
        {"webhook-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "é"},
        {"webhook-signature": ""},
    ],
)
def test_anything_else_is_refused(changed):
    with pytest.raises(NotProven):
        prove_standard(BODY, HEADERS | changed, (KEY,), NOW)


def test_changed_body_is_refused():
    with pytest.raises(NotProven):
        prove_standard(BODY + b" ", HEADERS, (KEY,), NOW)


def test_old_and_new_secret_are_both_accepted_while_one_is_replaced():
    assert prove_standard(BODY, HEADERS, (OTHER_KEY, KEY), NOW)
    both = HEADERS | {"webhook-signature": f"v1,{'A' * 43}= {HEADERS['webhook-signature']}"}
    assert prove_standard(BODY, both, (KEY,), NOW)
    with pytest.raises(NotProven):
        prove_standard(BODY, HEADERS, (OTHER_KEY,), NOW)


@settings(max_examples=50)
@given(st.text(max_size=200), st.from_regex(r"[A-Za-z0-9_]{1,60}", fullmatch=True))
def test_what_the_reference_library_signs_is_accepted(body, message_id):
    at = datetime.fromtimestamp(NOW, UTC)
    signature = standardwebhooks.Webhook(SECRET).sign(message_id, at, body)
    headers = {"webhook-id": message_id, "webhook-timestamp": str(NOW), "webhook-signature": signature}
    assert prove_standard(body.encode("utf-8", "surrogatepass"), headers, (KEY,), NOW)


def test_mail_in_any_charset_can_be_signed():
    body = b"Subject: gr\xfc\xdfe\n\n\xff\xfe"
    signed = hmac.digest(KEY, f"m1.{NOW}.".encode() + body, "sha256")
    headers = {"webhook-id": "m1", "webhook-timestamp": str(NOW)}
    assert prove_standard(body, headers | {"webhook-signature": "v1," + base64.b64encode(signed).decode()}, (KEY,), NOW)


def _mailgun(key: str = "key-1", token: str = "t" * 50) -> dict[str, str]:
    signature = hmac.digest(key.encode(), f"{NOW}{token}".encode(), "sha256").hex()
    return {"timestamp": str(NOW), "token": token, "signature": signature}


def test_mailgun_form_is_accepted_and_its_token_names_the_delivery():
    first, again = prove_mailgun(_mailgun(), "key-1", NOW), prove_mailgun(_mailgun(), "key-1", NOW + 9)
    assert first == again
    assert first.delivery_id != prove_mailgun(_mailgun(token="u" * 50), "key-1", NOW).delivery_id


@pytest.mark.parametrize(
    "changed", [{"token": "u"}, {"timestamp": str(NOW - 400)}, {"signature": "0" * 64}, {"token": ""}]
)
def test_mailgun_form_with_anything_changed_is_refused(changed):
    with pytest.raises(NotProven):
        prove_mailgun(_mailgun() | changed, "key-1", NOW)


def test_user_and_password_must_both_be_right():
    right = "Basic " + base64.b64encode(b"post:secret").decode()
    assert prove_basic(right, "post:secret", b"x").digest == hashlib.sha256(b"x").hexdigest()
    for wrong in ("Basic " + base64.b64encode(b"post:guess").decode(), "Bearer post:secret", "", "Basic é"):
        with pytest.raises(NotProven):
            prove_basic(wrong, "post:secret", b"x")


def test_bearer_token_must_be_right():
    assert bearer_matches("bearer abc", "abc")
    assert not any(bearer_matches(wrong, "abc") for wrong in ("abc", "Bearer abcd", "Bearer", "Basic abc", ""))
