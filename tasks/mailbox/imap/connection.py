"""A logged-in connection to a mailbox: for reading, for acting on mails, and for waiting for new ones."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError

from tasks.errors import SourceError, SourceUnavailable
from tasks.mailbox.imap.refusals import CUT, PassingRefusal, passing_refusal
from tasks.mailbox.imap.tokens import access_token

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

LOST = (imaplib.IMAP4.abort, OSError)
"""Errors of a broken connection; a new one may work."""
REFUSED = (imaplib.IMAP4.error, ImapToolsError)
"""Errors of a command that the server refused."""


@contextmanager
def connected(block: Mailbox, folder: str = "", *, readonly: bool = False) -> Iterator[BaseMailBox]:
    """Yield a connection with a folder selected (the block's own if `folder` is empty); log out afterwards.

    `readonly` opens the folder without the right to change it. Do not use imap_tools' `flag` and `delete`: both also
    expunge mails that other clients marked as deleted. `client.uid("STORE", …)` does not.

    Raises:
        SourceError: The server can't be reached, refuses the login, or has no such folder. The message never holds the
            password.
        SourceUnavailable: The server refuses for now.
    """
    mailbox = log_in(block)
    try:
        _select(mailbox, folder or block.folder, block, readonly)
        yield mailbox
    finally:
        # The connection may be broken already; then no logout is needed.
        with suppress(*LOST, *REFUSED):
            mailbox.logout()


def log_in(block: Mailbox) -> BaseMailBox:
    """Return a logged-in connection without a selected folder.

    Raises:
        SourceError: The server can't be reached or refuses the login.
        SourceUnavailable: The server refuses for now.
    """
    mailbox = _connect(block)
    try:
        _log_in(mailbox, block)
    except (SourceError, SourceUnavailable):
        with suppress(*LOST, *REFUSED):
            mailbox.client.shutdown()
        raise
    return mailbox


def _connect(block: Mailbox) -> BaseMailBox:
    host, port = block.address
    # The standard library's default for IMAP does not check certificates.
    checked = ssl.create_default_context()
    try:
        if block.encryption == "tls":
            return MailBox(host, port, timeout=block.timeout_s, ssl_context=checked)
        if block.encryption == "starttls":
            return MailBoxStartTls(host, port, timeout=block.timeout_s, ssl_context=checked)
        return MailBoxUnencrypted(host, port, timeout=block.timeout_s)
    except (*LOST, *REFUSED, ValueError) as error:
        _raise_if_it_passes(error, block)
        raise SourceError(
            f"`{host}:{port}` cannot be reached as an IMAP server ({block.encryption}): {error}"
        ) from error


def _log_in(mailbox: BaseMailBox, block: Mailbox) -> None:
    try:
        if block.password is None:
            _give_token(mailbox, block)
        else:
            _give_password(mailbox, block.user, block.password.get_secret_value())
        # Servers announce more capabilities (MOVE, UIDPLUS) after the login.
        _, told = mailbox.client.capability()
        mailbox.client.capabilities = tuple(str(told[-1], "ascii", "replace").upper().split())
    except LOST as error:
        raise _cut_at_login(mailbox, block) from error
    except REFUSED as error:
        _raise_if_it_passes(error, block)
        # Servers repeat what they were sent, and tracebacks would show it, so the server's text is not passed on.
        raise SourceError(
            f"`{block.host}` refused the login of `{block.user}`: check the block's user and secret"
        ) from None


def _cut_at_login(mailbox: BaseMailBox, block: Mailbox) -> SourceUnavailable:
    _, byes = mailbox.client.response("BYE")
    said = str(byes[-1], "utf-8", "replace") if byes and byes[-1] else ""
    return _unavailable(passing_refusal(imaplib.IMAP4.abort(said)) or CUT if said else CUT, block)


def _give_token(mailbox: BaseMailBox, block: Mailbox) -> None:
    for anew in (False, True):
        try:
            mailbox.xoauth2(block.user, access_token(block, anew=anew), initial_folder=None)
            return
        except LOST:
            raise
        except REFUSED:
            # A stored token may have been revoked before it expired.
            if anew or block.oauth2_refresh_token is None:
                raise


def _give_password(mailbox: BaseMailBox, user: str, password: str) -> None:
    if "AUTH=PLAIN" in mailbox.client.capabilities:
        mailbox.login_utf8(user, password, initial_folder=None)
    elif (user + password).isascii() and (user + password).isprintable():
        mailbox.login(user, password, initial_folder=None)
    else:
        raise SourceError(f"the server takes only plain ASCII passwords, and that of `{user}` has other characters")


def _select(mailbox: BaseMailBox, folder: str, block: Mailbox, readonly: bool) -> None:
    try:
        mailbox.folder.set(folder, readonly=readonly)
    except MailboxFolderSelectError as error:
        _raise_if_it_passes(error, block)
        raise SourceError(f"`{block.user}` at `{block.host}` has no folder `{folder}`, or may not open it") from error


def _raise_if_it_passes(error: Exception, block: Mailbox) -> None:
    refusal = passing_refusal(error)
    if refusal is not None:
        raise _unavailable(refusal, block) from None


def _unavailable(refusal: PassingRefusal, block: Mailbox) -> SourceUnavailable:
    words = refusal.words
    for secret in (block.password, block.oauth2_token, block.oauth2_refresh_token):
        words = words.replace(secret.get_secret_value(), "…") if secret else words
    return SourceUnavailable(f"`{block.host}` refuses `{block.user}` for now: {words}", refusal.wait_s)
