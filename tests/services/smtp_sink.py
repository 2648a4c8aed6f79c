"""A real SMTP server on loopback that stores mails, or disconnects at a chosen moment."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


@dataclass
class SmtpSink:
    """An SMTP server that keeps what it gets; `mails` holds (recipients, bytes).

    `cut` says when the connection breaks: `after data` keeps the mail and never answers.

    `smtputf8` says whether it takes addresses of other letters (RFC 6531).
    """

    port: int = 0
    cut: str = ""
    refuse_with: str = ""
    smtputf8: bool = True
    login: str = ""
    """How a login goes: `off` as at Exchange, `busy`, or the token that XOAUTH2 must give; empty takes none."""
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    """What logins by token gave."""

    async def handle_AUTH(self, server: Any, session: Any, envelope: Any, args: list[str]) -> str:
        given = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        self.tokens += re.findall("auth=Bearer ([^\x01]+)", given)
        if self.login == "off":
            return "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant."
        if self.login == "busy":
            return "454 4.7.0 Temporary authentication failure"
        if not given.endswith(f"auth=Bearer {self.login}\x01\x01"):
            return "535 5.7.3 Authentication unsuccessful"
        session.authenticated = True
        return "235 2.7.0 Accepted"

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> None:
        """Name the mechanism; `handle_AUTH` does it."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuse_with:
            return self.refuse_with
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.mails.append((envelope.rcpt_tos, envelope.content))
        if self.cut == "after data":
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Controller(Controller):
    def factory(self) -> SMTP:
        excluded = () if self.handler.login else ("PLAIN", "LOGIN", "XOAUTH2")
        return SMTP(
            self.handler, enable_SMTPUTF8=self.handler.smtputf8, auth_require_tls=False, auth_exclude_mechanism=excluded
        )


@contextmanager
def running_smtp_sink() -> Iterator[SmtpSink]:
    """A running server with nothing in it."""
    sink = SmtpSink(port=_free_port())
    controller = _Controller(sink, hostname="127.0.0.1", port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A running server with nothing in it."""
    with running_smtp_sink() as sink:
        yield sink
