"""What an address `imap://BLOCK[/FOLDER]` names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tasks.errors import SourceError

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

_START = "imap://"


def split_address(address: str) -> tuple[str, str]:
    """Return the block's name and the folder; an empty folder is the block's own.

    Raises:
        SourceError: It names no block; an address with a user or a password in it names none.
    """
    block_name, _, folder = address.removeprefix(_START).partition("/")
    if not address.startswith(_START) or not block_name or set(block_name) & set("@:?"):
        # The address is not repeated here: people put passwords into such.
        raise SourceError(
            "an IMAP address is `imap://BLOCK` or `imap://BLOCK/FOLDER`, BLOCK being a Prefect block `Mailbox`"
        )
    return block_name, unquote(folder)


def join_address(block_name: str, folder: str) -> str:
    """Return the address of a folder, which is also its source's name."""
    return f"{_START}{block_name}/{quote(folder, safe='/ ')}"


def load_mailbox(block_name: str) -> Mailbox:
    """Return the block of this name.

    Raises:
        SourceError: Prefect's server has none, or cannot be asked.
    """
    from tasks.mailbox.imap.block import Mailbox

    try:
        return Mailbox.load(block_name, _sync=True)  # type: ignore[call-arg, return-value]  # Prefect types the async form
    except ValueError as error:
        raise SourceError(
            f"Prefect has no block `mailbox/{block_name}`: make one under Blocks, kind Mailbox, or by "
            f"`mailroom mailbox {block_name}`"
        ) from error
    except Exception as error:
        raise SourceError(
            f"Prefect could not be asked for block `mailbox/{block_name}` ({type(error).__name__})"
        ) from error
