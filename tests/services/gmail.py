"""A small IMAP server on loopback with Gmail's extensions, as https://developers.google.com/gmail/imap describes them.

A mail has labels, a folder shows the mails of one label, and `[Gmail]/All Mail` shows all. `X-GM-LABELS` leaves out the
label of the selected folder; `X-GM-THRID` is a mail's conversation. To move a mail to All Mail takes the folder's label
off. Only what Mailroom asks for is understood; everything else is refused.
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.services.dovecot import Account

ALL_MAIL = "[Gmail]/All Mail"
_MARKS = {ALL_MAIL: "\\All", "[Gmail]/Sent Mail": "\\Sent", "[Gmail]/Drafts": "\\Drafts", "[Gmail]/Trash": "\\Trash"}
_LABEL_OF = {"INBOX": "\\Inbox", "[Gmail]/Sent Mail": "\\Sent", "[Gmail]/Drafts": "\\Draft"}
_CAPABILITIES = "IMAP4rev1 UIDPLUS MOVE X-GM-EXT-1 SPECIAL-USE AUTH=PLAIN"


@dataclass
class GmailMail:
    """A mail with its number in all folders, its conversation and its labels."""

    uid: int
    raw: bytes
    conversation: int
    labels: set[str]
    flags: set[str] = field(default_factory=set)


@dataclass
class Gmail:
    """The mailbox behind the server; `stubborn` keeps a label that is taken off in its own folder."""

    port: int = 0
    mails: list[GmailMail] = field(default_factory=list)
    stubborn: bool = False
    commands: list[str] = field(default_factory=list)

    def deliver(self, raw: bytes, conversation: int, *labels: str) -> GmailMail:
        """A mail more; without labels it is in the inbox."""
        mail = GmailMail(len(self.mails) + 1, raw, conversation, set(labels or ("\\Inbox",)))
        self.mails.append(mail)
        return mail

    @property
    def account(self) -> Account:
        from pathlib import Path

        return Account("127.0.0.1", self.port, self.port, "me", Path())

    def shown_in(self, folder: str) -> list[GmailMail]:
        label = _LABEL_OF.get(folder, folder)
        return [mail for mail in self.mails if folder == ALL_MAIL or label in mail.labels]

    def folders(self) -> list[str]:
        own = {label for mail in self.mails for label in mail.labels if not label.startswith("\\")}
        return ["INBOX", *_MARKS, *sorted(own)]


class _Session(socketserver.StreamRequestHandler):
    gmail: Gmail
    folder = ""

    def handle(self) -> None:
        self._say(f"* OK [CAPABILITY {_CAPABILITIES}] ready")
        while line := self.rfile.readline():
            tag, _, command = line.decode().strip().partition(" ")
            self.gmail.commands.append(command)
            name = command.partition(" ")[0].upper()
            if name == "UID":
                name = " ".join(command.split()[:2]).upper()
            do: Callable[[str], str] | None = getattr(self, f"do_{name.replace(' ', '_').lower()}", None)
            self._say(f"{tag} {do(command) if do else 'BAD'} {name}")
            if name == "LOGOUT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def do_capability(self, _: str) -> str:
        self._say(f"* CAPABILITY {_CAPABILITIES}")
        return "OK"

    def do_authenticate(self, _: str) -> str:
        self._say("+ ")
        self.rfile.readline()
        return "OK"

    def do_list(self, _: str) -> str:
        for name in self.gmail.folders():
            self._say(f'* LIST (\\HasNoChildren {_MARKS.get(name, "")}) "/" "{name}"')
        return "OK"

    def do_select(self, command: str) -> str:
        name = command.partition(" ")[2].strip('"')
        if name not in self.gmail.folders():
            return "NO [NONEXISTENT] Unknown Mailbox"
        self.folder = name
        self._say(f"* {len(self.gmail.shown_in(name))} EXISTS")
        self._say("* FLAGS (\\Seen \\Answered \\Flagged)")
        self._say(f"* OK [UIDVALIDITY {600 + len(name)}]")
        self._say(f"* OK [UIDNEXT {len(self.gmail.mails) + 1}]")
        return "OK [READ-WRITE]"

    do_examine = do_select

    def do_uid_search(self, command: str) -> str:
        found = [mail for mail in self.gmail.shown_in(self.folder) if self._fits(mail, command)]
        self._say("* SEARCH " + " ".join(str(mail.uid) for mail in found))
        return "OK"

    def _fits(self, mail: GmailMail, command: str) -> bool:
        named = re.findall(r'HEADER ([\w-]+) "([^"]+)"', command)
        if named:
            return any(
                re.search(f"^{name}:.*{re.escape(value)}", mail.raw.decode(), re.M | re.I) for name, value in named
            )
        uids = re.search(r"UID SEARCH (?:\S+ )*?UID (\d+)(:\*)?|\(UID (\d+)(:\*)?", command)
        first = int(uids[1] or uids[3]) if uids else 1
        return mail.uid >= first if uids is None or uids[2] or uids[4] else mail.uid == first

    def _named(self, uids: str) -> list[GmailMail]:
        wanted = set(map(int, uids.split(",")))
        return [mail for mail in self.gmail.shown_in(self.folder) if mail.uid in wanted]

    def do_uid_fetch(self, command: str) -> str:
        _, _, uids, items = command.split(" ", 3)
        for mail in self._named(uids):
            labels = " ".join(f'"{one}"' for one in sorted(mail.labels - {_LABEL_OF.get(self.folder, self.folder)}))
            told = f"UID {mail.uid} RFC822.SIZE {len(mail.raw)} FLAGS ({' '.join(mail.flags)})"
            told += f" X-GM-THRID {mail.conversation} X-GM-LABELS ({labels})"
            self.wfile.write(f"* {mail.uid} FETCH ({told}".encode())
            if "BODY.PEEK" in items:
                whole = "HEADER" not in items
                body = mail.raw if whole else mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                self.wfile.write(f" BODY[{'' if whole else 'HEADER'}] {{{len(body)}}}\r\n".encode() + body)
            self._say(")")
        return "OK"

    def do_uid_store(self, command: str) -> str:
        _, _, uids, item, value = command.split(" ", 4)
        names = set(value.strip("()").split())
        for mail in self._named(uids):
            kept = mail.labels if item.endswith("X-GM-LABELS") else mail.flags
            if item.startswith("+"):
                kept |= names
            elif not (self.gmail.stubborn and _LABEL_OF.get(self.folder) in names):
                kept -= names
        return "OK"

    def do_uid_move(self, command: str) -> str:
        _, _, uids, folder = command.split(" ", 3)
        for mail in self._named(uids):
            mail.labels -= {_LABEL_OF.get(self.folder, self.folder)}
            if folder.strip('"') != ALL_MAIL:
                mail.labels |= {_LABEL_OF.get(folder.strip('"'), folder.strip('"'))}
        return "OK"

    def do_noop(self, _: str) -> str:
        return "OK"

    do_logout = do_noop


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def running_gmail() -> Iterator[Gmail]:
    """A running server with an empty mailbox."""
    gmail = Gmail()
    handler = type("Session", (_Session,), {"gmail": gmail})
    with _Server(("127.0.0.1", 0), handler) as server:
        gmail.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield gmail
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def gmail() -> Iterator[Gmail]:
    """A running server with an empty mailbox."""
    with running_gmail() as running:
        yield running
