"""A ledger, a mailbox on a real server and an outbox over both, for the tests of actions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imap_tools import AND, BaseMailBox
from sqlalchemy import Engine

from tasks.act.apply_actions import act
from tasks.act.destinations import Destinations
from tasks.act.mailboxes import Connection
from tasks.act.outbox import Outbox, no_step, open_outbox
from tasks.ledger import effects
from tasks.ledger.approvals import give_verdict
from tasks.ledger.engine import open_ledger
from tasks.ledger.messages import Seen, record_seen
from tasks.ledger.owners import owner_name
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import log_in
from tasks.mailbox.imap.identity import NOBODY, Identity
from tests.services.dovecot import Account

SOURCE = "imap://work/INBOX"
VOUCHED = "Authentication-Results: mx.us.example; dmarc=pass header.from=company.example"
RAW = "\r\n".join(
    [
        VOUCHED, "From: Ann Lee <ann@company.example>", "To: us@us.example", "Subject: Login fails",
        "Message-ID: <second@company.example>", "References: <first@company.example>",
        "Date: Tue, 24 Nov 2026 09:00:00 +0000", "Content-Type: text/plain; charset=utf-8", "",
        "Die Anmeldung schlägt fehl.", "Bitte helfen Sie.", "",
    ]
).encode()  # fmt: skip
ROW: dict[str, Any] = {
    "message_key": "m1", "source_id": "1", "sender": "Ann Lee <ann@company.example>", "subject": "Login fails",
    "date": "2026-11-24T09:00:00Z", "kind": "mail", "text": "Die Anmeldung schlägt fehl.\nBitte helfen Sie.",
    "category": "SUPPORT", "language": "de", "complexity": "simple", "confidence": 0.9, "reason": "asks for help",
    "summary": "Login fails. Help is asked for.", "replies": ["Wir sehen es uns an – danke.", "Zweite", "Dritte"],
    "doubts": [], "action_items": [], "urgent": False, "reply_wanted": True, "rule": "test", "actions": [],
    "answered": False,
}  # fmt: skip


@dataclass
class Office:
    """One mail, seen in a mailbox (or in a file, without an account), and what is done about it."""

    ledger_url: str
    account: Account | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    raw: bytes = RAW
    key: str = "m1"
    answer_answered: bool = False
    identity: Identity = NOBODY
    port: int | None = None
    """Where the mailbox is reached, if not at the account's own port."""

    @property
    def engine(self) -> Engine:
        return open_ledger(self.ledger_url)

    def receive(self) -> None:
        """The mail lies in the mailbox, and the ledger knows it."""
        source, place = "/folder", "a.eml"
        if self.account:
            self.account.deliver([self.raw])
            with self.login() as box:
                box.folder.set("INBOX")
                validity = box.folder.status("INBOX", ["UIDVALIDITY"])["UIDVALIDITY"]
                source, place = SOURCE, f"INBOX/{validity}/{box.uids()[-1]}"
        record_seen(self.engine, [Seen(message_key=self.key, source=source, place=place, source_id="1", raw=self.raw)])

    def login(self) -> BaseMailBox:
        assert self.account
        account = self.account
        return log_in(
            Mailbox(
                host=account.host,
                port=self.port or account.port,
                user=account.user,
                password=account.password,
                encryption="none",
            )
        )

    def outbox(self, step: Any = no_step) -> Outbox:
        settings = {"reply_from": "Desk <desk@us.example>", "authserv_ids": ["mx.us.example"], **self.settings}
        destinations = Destinations(**settings)
        return open_outbox(
            self.engine,
            destinations,
            lambda source: Connection(box=self.login(), answer_answered=self.answer_answered),
            owner=owner_name("run"),
            lease_s=600,
            identify=lambda source: self.identity,
            step=step,
        )

    def act(
        self, *actions: dict[str, Any], dry_run: bool = False, step: Any = no_step, review: Any = None, **columns: Any
    ) -> list[Any]:
        """What these actions came to."""
        outbox = self.outbox(step)
        row = {**ROW, "message_key": self.key, **columns, "actions": [{"rule": "test", **action} for action in actions]}
        try:
            return list(act([row], outbox, run_id="run", dry_run=dry_run, review=review)["effects"].iloc[0])
        finally:
            outbox.mailboxes.close()

    def go_on(self, effect: effects.Effect) -> None:
        """Perform what a person approved."""
        outbox = self.outbox()
        asyncio.run(outbox.perform_in_order([effect]))
        outbox.mailboxes.close()

    def approve(self, effect: effects.Effect) -> None:
        """A person approves it as it is shown, and it is performed."""
        assert give_verdict(
            self.engine, effect.effect_id, verdict="approved", shown_hash=effect.content_hash, person="Ann",
            flow_run_id="f",
        )  # fmt: skip
        self.go_on(next(one for one in self.effects() if one.effect_id == effect.effect_id))

    def effects(self) -> list[effects.Effect]:
        return effects.of_mails(self.engine, [self.key]).get(self.key, [])

    def in_folder(self, folder: str) -> list[Any]:
        """The mails in a folder, as a mail program sees them."""
        with self.login() as box:
            if not box.folder.exists(folder):
                return []
            box.folder.set(folder)
            return list(box.fetch(AND(all=True), mark_seen=False))


def files_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.exists() else []
