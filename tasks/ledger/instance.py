"""What tells this instance of Mailroom from others that act on the same mailboxes: a keyword of its ledger's own."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from sqlalchemy import Engine

from tasks.ledger.pseudonyms import LedgerPseudonyms

SIGNATURE = "mailroom_by_"
"""What every instance's keyword begins with."""


@lru_cache(maxsize=8)
def signature_of(engine: Engine) -> str:
    """The IMAP keyword on mails that were marked or moved by a process over this ledger."""
    return SIGNATURE + hashlib.sha256(b"instance" + LedgerPseudonyms(engine).key()).hexdigest()[:8]
