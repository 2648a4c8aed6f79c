"""OAuth 2.0 access tokens of mailboxes.

A token is cached while it is valid. Then a new one is fetched with the refresh token (RFC 6749, section 6).
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.errors import SourceError
from tasks.mailbox.imap.address import load_mailbox

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

_SPARE_S = 60.0  # so that it is still valid when the mail server checks it
_LIFE_S = 300.0  # for a token whose lifetime the endpoint does not give
_lock = threading.Lock()
_kept: dict[tuple[str, ...], _Token] = {}


@dataclass(frozen=True)
class _Token:
    value: str
    until: float


def access_token(block: Mailbox, *, anew: bool = False) -> str:
    """The access token of a block without a password. `anew` fetches a new one, after the server refused the last.

    Raises:
        SourceError: The token endpoint can't be reached, or does not take the refresh token. The message never holds a
            secret.
    """
    if block.oauth2_refresh_token is None:
        assert block.oauth2_token is not None
        return block.oauth2_token.get_secret_value()
    whose = (block.oauth2_token_url, block.oauth2_client_id, block.user)
    with _lock:  # one refresh at a time: some endpoints accept a refresh token only once
        kept = _kept.get(whose)
        if anew or kept is None or kept.until - _SPARE_S < time.time():
            _take_newest(block)
            answer = _refresh(block)
            kept = _Token(answer["access_token"], time.time() + float(answer.get("expires_in") or _LIFE_S))
            _kept[whose] = kept
            _keep_refresh_token(block, answer.get("refresh_token"))
    return kept.value


def _take_newest(block: Mailbox) -> None:
    """Read the refresh token from Prefect's server: another process may have stored a new one."""
    if block._block_document_name:
        with suppress(SourceError):  # the token in this process may still be valid
            newest = load_mailbox(block._block_document_name).oauth2_refresh_token
            block.oauth2_refresh_token = newest or block.oauth2_refresh_token


def _refresh(block: Mailbox) -> dict[str, Any]:
    import httpx

    assert block.oauth2_refresh_token is not None
    form = {
        "grant_type": "refresh_token",
        "refresh_token": block.oauth2_refresh_token.get_secret_value(),
        "client_id": block.oauth2_client_id,
    }
    if block.oauth2_client_secret is not None:
        form["client_secret"] = block.oauth2_client_secret.get_secret_value()
    try:
        answer = httpx.post(block.oauth2_token_url, data=form, timeout=block.timeout_s)
        told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SourceError(
            f"`{block.oauth2_token_url}` gave no token for `{block.user}` ({type(error).__name__})"
        ) from None
    if answer.status_code != 200 or not isinstance(told, dict) or not told.get("access_token"):
        # Only the error code (RFC 6749, 5.2) is shown; the rest of the answer may repeat secrets that were sent.
        code = told.get("error") if isinstance(told, dict) else None
        code = code if isinstance(code, str) and code.isidentifier() else answer.status_code
        raise SourceError(
            f"`{block.oauth2_token_url}` gave no token for `{block.user}` ({code}): "
            "sign in again, and put the new refresh token into the block"
        )
    return told


def _keep_refresh_token(block: Mailbox, told: object) -> None:
    """Store a new refresh token in the block, here and on Prefect's server: the old one may be invalid now."""
    from pydantic import SecretStr

    assert block.oauth2_refresh_token is not None
    if isinstance(told, str) and told and told != block.oauth2_refresh_token.get_secret_value():
        block.oauth2_refresh_token = SecretStr(told)
        if block._block_document_name:
            block.save(block._block_document_name, overwrite=True, _sync=True)  # type: ignore[call-arg]  # as in address.py
