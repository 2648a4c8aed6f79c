"""Proofs of a post's sender. Each has an id by which a repeated post is recognised.

The `standardwebhooks` package is not used for verification: it decodes the body as UTF-8 before it signs, so a mail
with 8-bit content in another charset could never be delivered. A test checks that both give the same results.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

WINDOW_S = 300  # Standard Webhooks' reference tolerance, both ways


class NotProven(Exception):
    """The post has no valid proof. The message says which part is wrong and contains no secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """The proof of an accepted post. `delivery_id` is unique; if it comes again, `digest` must be equal."""

    delivery_id: str
    digest: str


def prove_standard(body: bytes, headers: Mapping[str, str], keys: tuple[bytes, ...], now: float) -> Proof:
    """The proof of a Standard Webhooks signature; `now` is UTC seconds since 1970.

    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md

    Raises:
        NotProven: A header is missing, the id holds a full stop, the time is outside the window, or no signature fits.
    """
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not (message_id and stamp and signatures):
        raise NotProven("webhook-id, webhook-timestamp and webhook-signature must all be sent")
    if "." in message_id:
        # Full stops separate the signed parts, so an id with one could have the signature of another delivery.
        raise NotProven("webhook-id must not hold a full stop")
    _check_window(stamp, now)
    signed = f"{message_id}.{stamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256")) for key in keys]
    given = [signature.encode() for signature in signatures.split()]
    # All signatures are compared, so that the time reveals nothing.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419
        raise NotProven("no signature in webhook-signature matches the body and the secret")
    return Proof(delivery_id=_name("standard", message_id), digest=hashlib.sha256(body).hexdigest())


def prove_mailgun(fields: Mapping[str, str], key: str, now: float) -> Proof:
    """The proof of Mailgun's form signature. It covers only a time and a token, so each token is accepted once.

    Source: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks

    Raises:
        NotProven: A field is missing, the time is outside the window, or the signature does not match.
    """
    stamp, token, signature = (fields.get(name, "") for name in ("timestamp", "token", "signature"))
    if not (stamp and token and signature):
        raise NotProven("timestamp, token and signature must all be in the form")
    _check_window(stamp, now)
    expected = hmac.digest(key.encode(), f"{stamp}{token}".encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise NotProven("the form's signature does not match its timestamp and token")
    return Proof(delivery_id=_name("mailgun", token), digest="")


def prove_basic(authorization: str, expected: str, body: bytes) -> Proof:
    """The proof of a user and password. The body's digest is the delivery's id, because these senders give none.

    Raises:
        NotProven: The header is not `Basic` with the expected user and password.
    """
    scheme, _, value = authorization.partition(" ")
    wanted = base64.b64encode(expected.encode())
    if scheme.lower() != "basic" or not hmac.compare_digest(value.strip().encode(), wanted):
        raise NotProven("the user or the password is wrong")
    return no_proof(body)


def no_proof(body: bytes) -> Proof:
    """The proof where none is required. The same body twice is one delivery."""
    digest = hashlib.sha256(body).hexdigest()
    return Proof(delivery_id=_name("body", digest), digest=digest)


def bearer_matches(authorization: str, token: str) -> bool:
    """Whether the header is `Bearer` with this token."""
    scheme, _, value = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), token.encode())


def _check_window(stamp: str, now: float) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NotProven("the timestamp must be whole seconds since 1970")
    if abs(now - int(stamp)) > WINDOW_S:
        raise NotProven(f"the timestamp is more than {WINDOW_S} s away from the receiver's clock")


def _name(scheme: str, value: str) -> str:
    """A name of fixed length, safe in file names, for the sender's own id."""
    return hashlib.sha256(f"{scheme}:{value}".encode("utf-8", "surrogateescape")).hexdigest()
