"""Signing in on another screen (OAuth 2.0 device grant, RFC 8628): the way to a mailbox that takes no password.

A person opens a page, types a short code and agrees there. Meanwhile the token endpoint is asked until it gives the
refresh token that the mailbox's block keeps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tasks.errors import SourceError

MICROSOFT = "https://login.microsoftonline.com/common/oauth2/v2.0"
MICROSOFT_SCOPE = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_S = 5.0  # RFC 8628, 3.5: what `slow_down` adds to the interval
_TIMEOUT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """A sign-in that was begun: the page to open, and the code to type there."""

    page: str
    code: str
    secret: str
    interval_s: float
    ends_in_s: float


def begin_sign_in(authority: str, client_id: str, scope: str) -> SignIn:
    """Ask for a code for the application of this id.

    Raises:
        SourceError: The endpoint can't be reached, or does not know the application.
    """
    told = _post(f"{authority}/devicecode", {"client_id": client_id, "scope": scope})
    if not {"device_code", "user_code", "verification_uri"} <= told.keys():
        raise SourceError(
            f"`{authority}` gave no code to sign in with ({_code_of(told)}): check the application's id, and that it "
            "allows public client flows"
        )
    return SignIn(
        page=str(told["verification_uri"]), code=str(told["user_code"]), secret=str(told["device_code"]),
        interval_s=float(told.get("interval", 5)), ends_in_s=float(told.get("expires_in", 900)),
    )  # fmt: skip


def await_refresh_token(
    authority: str, client_id: str, sign_in: SignIn, wait: Callable[[float], None] = time.sleep
) -> str:
    """The refresh token, once the person has agreed.

    Raises:
        SourceError: They declined or took too long, or there is no refresh token. The message holds no secret.
    """
    form = {"grant_type": _GRANT, "client_id": client_id, "device_code": sign_in.secret}
    interval_s, waited_s = sign_in.interval_s, 0.0
    while waited_s < sign_in.ends_in_s:
        wait(interval_s)
        waited_s += interval_s
        told = _post(f"{authority}/token", form)
        code = _code_of(told)
        if told.get("refresh_token"):
            return str(told["refresh_token"])
        if code == "slow_down":
            interval_s += _SLOWER_S
        elif code != "authorization_pending":
            raise SourceError(f"`{authority}` gave no token ({code}): begin again, and agree on the page it names")
    raise SourceError("nobody signed in before the code ran out: begin again")


def _post(url: str, form: dict[str, str]) -> dict[str, Any]:
    import httpx

    try:
        told = httpx.post(url, data=form, timeout=_TIMEOUT_S).json()
    except (httpx.HTTPError, ValueError) as error:
        raise SourceError(f"`{url}` gave no answer that can be read ({type(error).__name__})") from None
    return told if isinstance(told, dict) else {}


def _code_of(told: dict[str, Any]) -> str:
    # Only the code that RFC 6749, 5.2 names; the rest of an answer may repeat what was sent.
    code = told.get("error")
    return code if isinstance(code, str) and code.isidentifier() else "no reason told"
