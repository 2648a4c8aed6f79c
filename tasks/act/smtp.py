"""A connection to a mail server that takes mail from us, logged in by password or by OAuth 2.0 token."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import aiosmtplib

from tasks.act.destinations import Destinations
from tasks.act.performer import NotDone
from tasks.errors import SourceError

Token = Callable[[bool], str]
"""Gives an access token, a new one where asked."""
_AUTH_IS_OFF = (
    "5.7.139", "smtpclientauthentication", "basic authentication is disabled", "auth extension", "xoauth2",
    "no suitable auth",
)  # fmt: skip
"""Of what Exchange says, and of what aiosmtplib says of a server that offers no login; in small letters."""


class SmtpAuthOff(Exception):
    """The server lets no program log in to send (Exchange's SMTP AUTH is off): replies can be drafted alone."""


@contextlib.asynccontextmanager
async def logged_in(destinations: Destinations, token: Token | None = None) -> AsyncIterator[aiosmtplib.SMTP]:
    """The connection, which ends with the block.

    Raises:
        NotDone: The server can't be reached or refuses the login; `again` where it may not do so later.
        SmtpAuthOff: It takes no login of programs at all.
    """
    if not destinations.smtp_host:
        raise NotDone("no mail server is set; set MAILROOM_SMTP_HOST")
    server = await _connected(destinations, token)
    try:
        yield server
    finally:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await server.quit()


async def _connected(destinations: Destinations, token: Token | None) -> aiosmtplib.SMTP:
    try:
        return await _connect(destinations, token, anew=False)
    except aiosmtplib.SMTPAuthenticationError as no:
        if token is None or _is_off(no):
            raise _login_refused(no, token) from no
    except (aiosmtplib.SMTPException, OSError, SourceError) as no:
        raise _unreachable(no, destinations) from no
    try:  # the token may have been revoked before it expired
        return await _connect(destinations, token, anew=True)
    except aiosmtplib.SMTPAuthenticationError as no:
        raise _login_refused(no, token) from no
    except (aiosmtplib.SMTPException, OSError, SourceError) as no:
        raise _unreachable(no, destinations) from no


async def _connect(destinations: Destinations, token: Token | None, *, anew: bool) -> aiosmtplib.SMTP:
    async def given() -> str:
        assert token is not None
        return await asyncio.to_thread(token, anew)

    server = aiosmtplib.SMTP(
        hostname=destinations.smtp_host, port=destinations.smtp_port, timeout=destinations.smtp_timeout_s,
        use_tls=destinations.smtp_tls == "tls", start_tls=destinations.smtp_tls == "starttls",
        username=destinations.smtp_user or None,
        password=None if token else destinations.smtp_password.get_secret_value() or None,
        oauth_token_generator=given if token else None,
    )  # fmt: skip
    await server.connect()
    return server


def _login_refused(no: aiosmtplib.SMTPAuthenticationError, token: Token | None) -> Exception:
    if _is_off(no):
        return SmtpAuthOff("the mail server lets no program log in to send (SMTP AUTH is off)")
    if 400 <= no.code < 500:
        return NotDone(f"the mail server takes no login now ({no.code})", again=True)
    if token:
        return NotDone("the mail server refused the mailbox's token; sign in again with `mailroom mailbox`")
    return NotDone("the mail server refused the login; check MAILROOM_SMTP_USER and MAILROOM_SMTP_PASSWORD")


def _unreachable(no: Exception, destinations: Destinations) -> Exception:
    if isinstance(no, SourceError):  # which is about the token
        return NotDone(str(no))
    if _is_off(no):
        return SmtpAuthOff("the mail server offers programs no login to send with (SMTP AUTH is off)")
    return NotDone(f"the mail server at {destinations.smtp_host} can't be reached ({type(no).__name__})", again=True)


def _is_off(no: Exception) -> bool:
    said = str(no).casefold()
    return any(word in said for word in _AUTH_IS_OFF)
