"""`imap://BLOCK[/FOLDER]`: a folder on a mail server. The Prefect block `Mailbox` has host, user and password.

`connection.connected` gives a logged-in connection for a block, also for acting on mails.
"""

from __future__ import annotations

from tasks.mailbox.kinds import Opening, Source

SCHEMES = ("imap",)


def open_address(address: str, opening: Opening) -> Source:
    """Return the folder as a source; it was looked into once, so it is there."""
    # Prefect takes seconds to import, and only this kind of source needs it.
    from tasks.mailbox.imap.address import load_mailbox, split_address
    from tasks.mailbox.imap.source import open_folder

    block_name, folder = split_address(address)
    return open_folder(block_name, load_mailbox(block_name), folder, opening)
