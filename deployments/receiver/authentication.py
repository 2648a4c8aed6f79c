"""Authenticates a post: it must contain one of the proofs for which a secret is set.

If no secret is set, no proof is required.
"""

from __future__ import annotations

from collections.abc import Mapping

from deployments.receiver.signature import NotProven, Proof, no_proof, prove_basic, prove_mailgun, prove_standard
from tasks.settings.receiver import ReceiverSettings

_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


def prove_post(body: bytes, headers: Mapping[str, str], settings: ReceiverSettings, now: float) -> Proof | None:
    """The proof in the post's headers; null where a form's fields may still contain Mailgun's.

    Raises:
        NotProven: A proof is wrong, or there is none and form fields cannot contain one.
    """
    if not settings.webhooks_guarded:
        return no_proof(body)
    if settings.webhook_keys and any(name in headers for name in _STANDARD):
        return prove_standard(body, headers, settings.webhook_keys, now)
    authorization = headers.get("authorization", "")
    if settings.basic_auth and authorization:
        return prove_basic(authorization, settings.basic_auth.get_secret_value(), body)
    if settings.mailgun_signing_key:
        return None
    raise NotProven(f"the post must bring {_wanted(settings)}")


def prove_form(fields: Mapping[str, str], settings: ReceiverSettings, now: float) -> Proof:
    """The proof in a form's fields, for a post without one in its headers.

    Raises:
        NotProven: The proof is wrong, or there is none.
    """
    if settings.mailgun_signing_key is None:
        raise NotProven(f"the post must bring {_wanted(settings)}")
    return prove_mailgun(fields, settings.mailgun_signing_key.get_secret_value(), now)


def _wanted(settings: ReceiverSettings) -> str:
    ways = []
    if settings.webhook_keys:
        ways.append("a Standard Webhooks signature (webhook-id, webhook-timestamp, webhook-signature)")
    if settings.basic_auth:
        ways.append("the user and password of MAILROOM_RECEIVER_BASIC_AUTH")
    if settings.mailgun_signing_key:
        ways.append("Mailgun's signed form (timestamp, token, signature)")
    return " or ".join(ways)
