"""`mailroom mailbox`: logs in to a mailbox before it saves the block, with a password or by sign-in on a page."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from deployments.cli.mailbox import mailbox
from tasks.errors import Misconfigured, SourceError
from tasks.mailbox.imap.block import Mailbox
from tasks.mailbox.imap.device_sign_in import SignIn, await_refresh_token, begin_sign_in
from tests.tasks.act.office import RAW


@pytest.fixture
def password(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("abcd efgh\n"))


def test_a_mailbox_is_kept_once_the_login_worked_and_says_what_a_run_would_read(
    prefect_server, imap_account, password, capsys
):
    imap_account.deliver([RAW, RAW.replace(b"second@", b"third@")])

    code = mailbox("first-hour", user=imap_account.user, host="127.0.0.1", port=imap_account.port, encryption="none")

    said = capsys.readouterr().out
    assert code == 0
    assert "2 mails would be read; drafts go into `Drafts`" in said
    assert "efgh" not in said
    kept = Mailbox.load("first-hour", _sync=True)
    assert kept.password.get_secret_value() == "abcd efgh"


def test_nothing_is_kept_of_a_server_that_cannot_be_reached(prefect_server, password):
    with pytest.raises(SourceError, match=r"`127\.0\.0\.1:9` cannot be reached"):
        mailbox("nowhere", user="me", host="127.0.0.1", port=9, encryption="none")

    with pytest.raises(ValueError, match="nowhere"):
        Mailbox.load("nowhere", _sync=True)


@pytest.mark.parametrize(
    ("name", "user", "said"),
    [("My Box", "me@gmail.com", "small letters"), ("me", "me@example.com", "give it with --host")],
)
def test_what_cannot_be_is_said_before_a_password_is_asked_for(name, user, said):
    with pytest.raises(Misconfigured, match=said):
        mailbox(name, user=user)


@dataclass
class Authority:
    """An endpoint that gives these answers in turn, and notes what it was asked."""

    answers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def authority() -> Iterator[Authority]:
    found = Authority()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            found.asked.append((self.path, dict(parse_qsl(body))))
            told = found.answers.pop(0)
            self.send_response(400 if "error" in told else 200)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()


BEGUN = {"device_code": "hidden", "user_code": "AB-CD", "verification_uri": "https://page.example", "interval": 2}


def test_a_sign_in_waits_as_told_until_the_person_has_agreed(authority):
    pending, slower = {"error": "authorization_pending"}, {"error": "slow_down"}
    authority.answers = [BEGUN, pending, slower, pending, {"access_token": "a", "refresh_token": "r"}]
    waited: list[float] = []

    begun = begin_sign_in(authority.url, "app", "mail")
    token = await_refresh_token(authority.url, "app", begun, waited.append)

    assert (begun.page, begun.code, token) == ("https://page.example", "AB-CD", "r")
    assert waited == [2, 2, 7, 7]
    assert authority.asked[0] == ("/devicecode", {"client_id": "app", "scope": "mail"})
    assert authority.asked[-1][0] == "/token"
    assert authority.asked[-1][1]["device_code"] == "hidden"


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"error": "authorization_declined"}, "authorization_declined"), ({"access_token": "a"}, "no reason told")],
)
def test_a_sign_in_that_comes_to_nothing_says_why_and_no_secret(authority, answer, said):
    authority.answers = [answer | {"error_description": "hidden was declined"}]
    begun = SignIn(page="", code="", secret="hidden", interval_s=1, ends_in_s=9)

    with pytest.raises(SourceError, match=said) as raised:
        await_refresh_token(authority.url, "app", begun, lambda _: None)

    assert "hidden" not in str(raised.value)


def test_nobody_waits_for_ever(authority):
    authority.answers = [{"error": "authorization_pending"}] * 3
    begun = SignIn(page="", code="", secret="hidden", interval_s=1, ends_in_s=3)

    with pytest.raises(SourceError, match="ran out"):
        await_refresh_token(authority.url, "app", begun, lambda _: None)


def test_an_application_nobody_knows_is_named_as_the_cause(authority):
    authority.answers = [{"error": "unauthorized_client"}]

    with pytest.raises(SourceError, match=r"unauthorized_client.*public client flows"):
        begin_sign_in(authority.url, "app", "mail")
