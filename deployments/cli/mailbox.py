"""`mailroom mailbox NAME`: log in to a mailbox, and keep how in a Prefect block."""

from __future__ import annotations

import getpass
import re
import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from deployments.cli.home import use_server
from tasks.errors import Misconfigured

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

_NAME = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")  # what Prefect takes as a block's name
_HOSTS = {"imap.gmail.com": ("gmail.com", "googlemail.com")} | {
    "outlook.office365.com": ("outlook.com", "hotmail.com", "live.com", "msn.com")
}


def mailbox(
    name: str,
    /,
    *,
    user: str,
    host: str = "",
    port: int | None = None,
    encryption: Literal["tls", "starttls", "none"] = "tls",
    since: date | None = None,
    sign_in: Annotated[str, Parameter(name="--sign-in")] = "",
    authority: str = "",
) -> int:
    """Log in to a mailbox and keep it as the block NAME, so that imap://NAME can be read.

    The password is asked for, or taken from the first line of stdin where that is no terminal. The block is only kept
    when the login worked; one of the same name is replaced.

    Args:
        name: The block's name: small letters, digits and dashes.
        user: The name to log in with, often the address.
        host: The IMAP server. Of Gmail's and Outlook's addresses it is known.
        port: Its port; without one 993 with TLS, else 143.
        encryption: How the connection is secured; none is for a server on this machine alone.
        since: Mails that arrived before this day are not read (YYYY-MM-DD).
        sign_in: The id of an application registered at Microsoft: sign in on a page of theirs, without a password.
        authority: Where to sign in, if not at login.microsoftonline.com/common.
    """
    if not _NAME.match(name):
        raise Misconfigured(f"`{name}` cannot be a mailbox's name: use small letters, digits and dashes.")
    found = host or _host_of(user)
    use_server()
    secret = _signed_in(sign_in, authority) if sign_in else {"password": _password(user)}
    block = _block(host=found, port=port, encryption=encryption, user=user, since=since, **secret)
    mails, drafts = _look(block)
    block.save(name, overwrite=True, _sync=True)  # type: ignore[call-arg]  # Prefect types the async form
    _say(f"Logged in to {found} as {user}. {mails:,} mails would be read; drafts go into `{drafts}`.")
    if since is None and mails > _MANY:
        _say(f"Are older mails of interest? With --since {date.today()} reading begins today.")
    _say(f"Kept as the block `mailbox/{name}`. Next: mailroom estimate imap://{name}")
    return 0


_MANY = 500


def _host_of(user: str) -> str:
    domain = user.rpartition("@")[2].lower()
    found = next((host for host, domains in _HOSTS.items() if domain in domains), "")
    if not found:
        raise Misconfigured(f"The IMAP server of `{user}` is not known: give it with --host, such as imap.example.com.")
    return found


def _password(user: str) -> str:
    asked = getpass.getpass(f"Password of {user}: ") if sys.stdin.isatty() else sys.stdin.readline()
    # Google shows its passwords for applications in groups of four, and takes them without the blanks.
    password = asked.strip()
    if not password:
        raise Misconfigured(f"No password of `{user}` was given.")
    return password


def _signed_in(client_id: str, authority: str) -> dict[str, str]:
    from tasks.mailbox.imap.device_sign_in import MICROSOFT, MICROSOFT_SCOPE, await_refresh_token, begin_sign_in

    asked = authority.rstrip("/") or MICROSOFT
    begun = begin_sign_in(asked, client_id, MICROSOFT_SCOPE)
    _say(f"Open {begun.page} in a browser, type {begun.code}, and agree. This command goes on by itself.")
    token = await_refresh_token(asked, client_id, begun)
    return {
        "oauth2_refresh_token": token, "oauth2_token_url": f"{asked}/token", "oauth2_client_id": client_id,
    }  # fmt: skip


def _block(**fields: object) -> Mailbox:
    from pydantic import ValidationError

    from tasks.mailbox.imap.block import Mailbox

    try:
        return Mailbox.model_validate(fields)
    except ValidationError as error:
        faults = "; ".join(
            f"`{'.'.join(map(str, fault['loc']))}`: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Misconfigured(f"Such a mailbox cannot be: {faults}.") from None


def _look(block: Mailbox) -> tuple[int, str]:
    """How many mails a first run would read, and the folder that drafts would be put into."""
    from imap_tools import AND

    from tasks.act.mailboxes import find_drafts_folder
    from tasks.mailbox.imap.connection import connected

    with connected(block, readonly=True) as box:
        mails = len(box.uids(AND(date_gte=block.since) if block.since else "ALL"))
        return mails, find_drafts_folder(box, block.drafts_folder) or block.drafts_folder or "Drafts"


def _say(line: str) -> None:
    Console().print(line, markup=False, highlight=False, soft_wrap=True)
