"""`docs/first-hour.md`, walked as a newcomer does: its commands, in its order, from an empty folder to a draft."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path

import pytest
from imap_tools import MailMessage

from deployments.cli.main import app
from tasks.mailbox.imap.connection import connected
from tests.deployments.commands import parse
from tests.services.dovecot import Account
from tests.tasks.act.office import RAW

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
COMMANDS = [found.strip() for found in re.findall(r"^ {4,}((?:mailroom|prefect) .*)$", TEXT, re.MULTILINE)]
STEPS = dict(re.findall(r"^##+ (.*?)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))

QUESTION = RAW.replace(b"mx.us.example", b"mx.google.com").replace(
    b"Die Anmeldung schl\xc3\xa4gt fehl.", b"I cannot log in, the password is refused. Can you help me?"
)
NEWS = b"\r\n".join(
    [
        b"From: Shop <news@shop.example>", b"Subject: 20% off all kettles", b"Message-ID: <n@shop.example>",
        b"List-Unsubscribe: <https://shop.example/u>", b"", b"Only this week: 20% off all kettles. Unsubscribe here.",
    ]
)  # fmt: skip


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_every_command_is_one(command):
    assert parse(shlex.split(command))


class Newcomer:
    """Types what the page says, step by step, in a folder of their own."""

    def __init__(self, account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.account, self._capsys, self._monkeypatch = account, capsys, monkeypatch

    def type_commands_of(self, step: str) -> str:
        """What the step's commands print; each ends with 0."""
        self._capsys.readouterr()
        for command in re.findall(r"^ {4}mailroom (.*)$", STEPS[step], re.MULTILINE):
            self._monkeypatch.setattr("sys.stdin", io.StringIO("a password\n"))
            assert app(self._own(shlex.split(command)), exit_on_error=False) == 0, command
        return self._capsys.readouterr().out

    def _own(self, words: list[str]) -> list[str]:
        """The command with their own mailbox, and the key that the last table shows, in place of the page's."""
        mine = {"you@example.com": self.account.user, "imap.example.com": self.account.host}
        if "KEY" in words:
            written = max(Path("out").glob("*/outcomes.jsonl"), key=lambda path: path.stat().st_mtime)
            mine["KEY"] = json.loads(written.read_text().splitlines()[0])["message_key"][:12]
        here = ["--port", str(self.account.port), "--encryption", "none"] if words[0] == "mailbox" else []
        return [mine.get(word, word) for word in words] + here

    def write_files_of(self, step: str) -> None:
        """The step's rules into the file that it names, its variables into `.env`."""
        (rules,) = re.findall(r"```json\n(.*?)```", STEPS[step], re.DOTALL)
        (variables,) = re.findall(r"```sh\n(.*?)```", STEPS[step], re.DOTALL)
        Path("my-rules.json").write_text(rules)
        with Path(".env").open("a") as env:
            env.write(variables)

    def drafts(self) -> list[MailMessage]:
        with connected(self.account.block()) as box:
            if not box.folder.exists("Drafts"):
                return []
        with connected(self.account.block(), "Drafts") as box:
            return list(box.fetch(mark_seen=False))


def test_a_newcomer_gets_to_a_draft_in_their_own_mailbox(
    prefect_server, provider_env, imap_account, signals, monkeypatch, capsys
):
    newcomer = Newcomer(imap_account, capsys, monkeypatch)
    imap_account.deliver([QUESTION, NEWS])
    Path(".env").write_text((ROOT / ".env.example").read_text())
    newcomer.type_commands_of("2. A model")
    assert "2 mails would be read" in newcomer.type_commands_of("Any other server")

    said = newcomer.type_commands_of("4. See what it would do")
    assert "2 mails: 2 completed" in said
    assert newcomer.drafts() == []

    newcomer.write_files_of("5. Drafts")
    said = newcomer.type_commands_of("5. Drafts")
    assert "effects: 1 done" in said, said
    (draft,) = newcomer.drafts()
    assert (draft.subject, draft.to) == ("Re: Login fails", ("ann@company.example",))
    assert "the password is refused" in draft.text
    with connected(imap_account.block()) as box:
        assert not any("\\Seen" in mail.flags for mail in box.fetch(mark_seen=False))
