"""Whether a post comes from whom it says: it must bring one of the proofs for which a secret is set.

Where no secret is set, no proof is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from deployments.receiver.signature import NotProven, Proof, no_proof, prove_basic, prove_mailgun, prove_standard
from tasks.settings.receiver import ReceiverSettings

_STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


def prove_post(body: bytes, headers: Mapping[str, str], settings: ReceiverSettings, now: float) -> Proof | None:
    """The proof that the post's headers bring; null where a form's fields may still bring Mailgun's.

    Raises:
        NotProven: A proof is wrong, or none came and no field can bring one.
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
    """The proof that a form's fields bring, where its headers brought none.

    Raises:
        NotProven: They do not.
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
