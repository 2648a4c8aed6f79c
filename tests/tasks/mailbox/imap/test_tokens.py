"""Access tokens that expire, with a token endpoint and a mail server that accept only valid ones."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
import traceback
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tasks.errors import SourceError
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.connection import log_in


@dataclass
class Tokens:
    """What the endpoint gives out and the mail server takes."""

    life_s: int = 3_600
    rotates: bool = False
    refresh_token: str = "refresh-0"
    holding: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    endpoint: str = ""
    port: int = 0

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """What the endpoint says to this form."""
        self.asked.append(form)
        if form["refresh_token"] != self.refresh_token:
            return 400, {"error": "invalid_grant", "error_description": f"no such token {form['refresh_token']}"}
        self.holding = f"access-{len(self.asked)}"
        told = {"access_token": self.holding, "token_type": "Bearer", "expires_in": self.life_s}
        if self.rotates:
            self.refresh_token = f"refresh-{len(self.asked)}"
            told["refresh_token"] = self.refresh_token
        return 200, told

    def block(self, **fields: Any) -> Mailbox:
        """A mailbox of nobody else's."""
        return Mailbox(
            host="127.0.0.1", port=self.port, encryption="none", user=f"{uuid.uuid4().hex}@example.com",
            oauth2_token_url=self.endpoint, oauth2_client_id="mailroom", oauth2_client_secret="s3cret",
            oauth2_refresh_token="refresh-0", **fields,
        )  # fmt: skip


@pytest.fixture
def tokens() -> Iterator[Tokens]:
    found = Tokens()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            status, told = found.answer(dict(parse_qsl(body)))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *args: object) -> None:
            pass

    class MailServer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"* OK hello\r\n")
            for line in self.rfile:
                tag, command = line.split()[:2]
                said = b" OK done\r\n"
                if command == b"CAPABILITY":
                    self.wfile.write(b"* CAPABILITY IMAP4REV1 AUTH=XOAUTH2\r\n")
                elif command == b"AUTHENTICATE":
                    self.wfile.write(b"+ \r\n")
                    token = base64.b64decode(self.rfile.readline()).decode().partition("Bearer ")[2].strip("\1")
                    found.shown.append(token)
                    said = said if token == found.holding else b" NO no such token " + token.encode() + b"\r\n"
                self.wfile.write(tag + said)

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as endpoint,
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailServer) as mails,
    ):
        for server in (endpoint, mails):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        found.endpoint, found.port = f"http://127.0.0.1:{endpoint.server_port}/token", mails.server_address[1]
        yield found
        for server in (endpoint, mails):
            server.shutdown()


def logins(block: Mailbox, times: int) -> None:
    for _ in range(times):
        log_in(block).client.shutdown()


def test_a_token_is_fetched_once_and_used_while_it_holds(tokens):
    logins(tokens.block(), 3)

    form = {"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": "mailroom"}
    assert tokens.asked == [{**form, "client_secret": "s3cret"}]
    assert tokens.shown == ["access-1"] * 3


def test_a_token_that_has_run_out_is_not_shown_again(tokens):
    tokens.life_s = 30  # less than is left for the way

    logins(tokens.block(), 2)

    assert tokens.shown == ["access-1", "access-2"]


def test_a_token_that_the_mail_server_refuses_is_fetched_anew_once(tokens):
    block = tokens.block()
    logins(block, 1)
    tokens.holding = "something else"

    logins(block, 1)

    assert tokens.shown == ["access-1", "access-1", "access-2"]


def test_a_refresh_token_that_was_replaced_is_kept_at_prefects_server(tokens, prefect_server):
    tokens.rotates, tokens.life_s = True, 1
    name = f"rotating-{uuid.uuid4().hex[:8]}"
    tokens.block().save(name, _sync=True)

    watched = Mailbox.load(name, _sync=True)

    logins(Mailbox.load(name, _sync=True), 1)  # as a run does
    logins(watched, 2)

    assert [form["refresh_token"] for form in tokens.asked] == ["refresh-0", "refresh-1", "refresh-2"]


def test_a_refused_refresh_says_what_to_do_and_no_secret(tokens):
    tokens.refresh_token = "called back"
    with pytest.raises(SourceError, match=r"gave no token .*\(invalid_grant\): sign in again") as error:
        log_in(tokens.block())
    said = "".join(traceback.format_exception(error.value))
    assert "refresh-0" not in said
    assert "s3cret" not in said
