"""Which servers get a login, and which logins work."""

from __future__ import annotations

import base64
import socketserver
import threading
import traceback
from typing import ClassVar

import pytest

from tasks.errors import SourceError
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import connected, log_in
from tasks.mailbox.imap.source import open_folder
from tasks.mailbox.kinds import Opening
from tests.tasks.mailbox.imap.mails import mail


@pytest.mark.parametrize("encryption", ["tls", "starttls"])
def test_a_server_is_trusted_only_with_a_certificate_that_holds(imap_account, dovecot, monkeypatch, encryption):
    port = imap_account.tls_port if encryption == "tls" else imap_account.port
    block = imap_account.block(encryption=encryption, port=port)
    with pytest.raises(SourceError, match="CERTIFICATE_VERIFY_FAILED"):
        open_folder("work", block, "", Opening())

    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    imap_account.deliver([mail(1)])
    assert [row.raw for row in open_folder("work", block, "", Opening()).read()] == [mail(1)]


def test_a_refused_login_names_the_user_and_not_the_secret(imap_account):
    # Dovecot takes any password here, but no tokens.
    block = imap_account.block(password=None, oauth2_token="hush-hush")
    with pytest.raises(SourceError, match=f"refused the login of `{imap_account.user}`") as error:
        open_folder("work", block, "", Opening())
    assert "hush" not in "".join(traceback.format_exception(error.value))


def test_a_password_may_have_any_letters(imap_account):
    with connected(imap_account.block(password='pä"ss\\ wörd 密')) as mailbox:
        assert "MOVE" in mailbox.client.capabilities, "what the server can do is asked again after the login"


class TokenServer(socketserver.StreamRequestHandler):
    """Speaks as much IMAP as a login by token takes, and keeps what it was sent."""

    sent: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        self.wfile.write(b"* OK hello\r\n")
        for line in self.rfile:
            tag, command = line.split()[:2]
            if command == b"CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4REV1 AUTH=XOAUTH2\r\n")
            elif command == b"AUTHENTICATE":
                self.wfile.write(b"+ \r\n")
                self.sent[:] = [line.split()[2], base64.b64decode(self.rfile.readline())]
            self.wfile.write(tag + b" OK done\r\n")


def test_a_token_is_given_as_oauth2_wants_it():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), TokenServer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        host, port = server.server_address
        block = Mailbox(host=host, port=port, encryption="none", user="me@example.com", oauth2_token="ya29.x")
        log_in(block).client.shutdown()
        server.shutdown()
    assert TokenServer.sent == [b"XOAUTH2", b"user=me@example.com\1auth=Bearer ya29.x\1\1"]
