"""A real IMAP server, Debian's dovecot, on loopback: one per session, with a new account per test.

Any user may log in with any password, so tests don't see each other's mail. Runs as root or as an ordinary user.
"""

from __future__ import annotations

import getpass
import grp
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from tasks.mailbox.imap.block import Mailbox

PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

_CONFIG = """
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/certificate.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{root}/mail/%u
mailbox_list_index = no
mail_max_userip_connections = 100
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={user_group} home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Gesendet {{
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Account:
    """A mailbox on the server, and the folder its mails lie in."""

    host: str
    port: int
    tls_port: int
    user: str
    home: Path
    password: str = "anything"

    def folder(self, name: str = "INBOX") -> Path:
        """Where a folder's Maildir lies; subfolders of INBOX are beside it with a dot in front."""
        return self.home if name == "INBOX" else self.home / f".{name}"

    def block(self, **fields: object) -> Mailbox:
        """The block that reaches it, in plain text unless `fields` say otherwise; not saved."""
        from tasks.mailbox.imap.block import Mailbox  # which imports Prefect, as most tests need not

        known = {"host": self.host, "port": self.port, "encryption": "none", "user": self.user}
        return Mailbox.model_validate({**known, "password": self.password, **fields})

    def deliver(self, mails: Iterable[bytes], folder: str = "INBOX") -> None:
        """Put mails into a folder as a delivery agent does; they get ascending UIDs, in this order."""
        inside = self.folder(folder)
        for held in ("tmp", "new", "cur"):
            (inside / held).mkdir(parents=True, exist_ok=True)
            (inside / held).chmod(0o777)
        for parent in {inside, self.home}:
            parent.chmod(0o777)
        start = time.time_ns()
        for number, mail in enumerate(mails):
            path = inside / "new" / f"{start // 10**9}.M{number:09d}P{start}.test"
            path.write_bytes(mail)
            path.chmod(0o666)

    def build_anew(self, *, uidvalidity: bool = True) -> None:
        """Give INBOX another UIDVALIDITY and its mails other UIDs, as a server does whose index was lost.

        Without `uidvalidity` it stays the same, as it does on servers that are careless.
        """
        uidlist = self.home / "dovecot-uidlist"
        old = int(uidlist.read_text().split()[1].removeprefix("V"))
        for index in self.home.glob("dovecot*"):
            index.unlink()
        uidlist.write_text(f"3 V{old + 1000 * uidvalidity} N1\n")
        uidlist.chmod(0o666)


@dataclass(frozen=True)
class Dovecot:
    """A running server."""

    host: str
    port: int
    """Takes plain text, and STARTTLS."""
    tls_port: int
    root: Path

    @property
    def certificate(self) -> Path:
        """What it shows; signed by itself, so nobody trusts it unless told to."""
        return self.root / "certificate.pem"

    def new_account(self) -> Account:
        """An account nobody used before, with an empty INBOX."""
        user = f"u{uuid.uuid4().hex[:12]}"
        home = self.root / "mail" / user
        account = Account(host=self.host, port=self.port, tls_port=self.tls_port, user=user, home=home)
        account.deliver([])
        return account


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Start a server on a free port in a folder of its own, and end it after."""
    assert PROGRAM, "dovecot is not installed"
    # Neither pytest's own folders (others may not enter them) nor long paths (Unix sockets lie in it) will do.
    root = Path(tempfile.mkdtemp(prefix="dovecot-", dir=_memory()))
    root.chmod(0o755)
    (root / "mail").mkdir()
    (root / "mail").chmod(0o777)
    port, tls_port = _free_port(), _free_port()
    _write_certificate(root)
    config = root / "dovecot.conf"
    config.write_text(_CONFIG.format(root=root, port=port, tls_port=tls_port, **_users()))
    server = subprocess.Popen([PROGRAM, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _await_greeting(server, port, root / "log")
        yield Dovecot("127.0.0.1", port, tls_port, root)
    finally:
        server.terminate()
        server.communicate(timeout=20)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The session's IMAP server."""
    if PROGRAM is None:
        pytest.skip(
            "dovecot is not installed (Debian: apt install dovecot-imapd), so nothing was asked of a real server"
        )
    version = subprocess.check_output([PROGRAM, "--version"], text=True).split()[0]
    if not version.startswith("2.3."):
        pytest.skip(f"dovecot {version} reads another configuration than that of 2.3, which these tests write")
    with running_dovecot() as server:
        yield server


@pytest.fixture
def imap_account(dovecot: Dovecot) -> Account:
    """A fresh account with an empty INBOX."""
    return dovecot.new_account()


def _memory() -> str | None:
    """Return a folder in memory where there is room, as a busy disk takes seconds for thousands of small files."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() and shutil.disk_usage(shared).free > 500_000_000 else None


def _users() -> dict[str, str]:
    if os.geteuid() == 0:
        return {"internal": "dovecot", "group": "dovecot", "login": "dovenull", "user": "mail", "user_group": "mail"}
    me, group = getpass.getuser(), grp.getgrgid(os.getegid()).gr_name
    return {"internal": me, "group": group, "login": me, "user": me, "user_group": group}


def _write_certificate(root: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (root / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (root / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_greeting(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said = server.stderr.read().decode() if server.stderr else ""
            raise RuntimeError(f"dovecot ended: {said}{log.read_text() if log.exists() else ''}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                if connection.recv(100).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("dovecot does not answer")
