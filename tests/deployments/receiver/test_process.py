"""The receiver as a process: acknowledged mail is kept, whether the process is killed or ended by a signal."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType

import pytest

from tasks.mailbox.inbox import folder_of, list_files

ROOT = Path(__file__).resolve().parents[3]
MAILS = 60


class Receiver:
    """A receiver on one port, started as often as a test likes."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.log = folder / "receiver.log"

    def start(self) -> None:
        code = "from deployments.cli.main import main; main()"
        # The server it would tell of new mail is away.
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PREFECT_API_URL": "http://127.0.0.1:9/api", **self.settings}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, "receiver", "--port", str(self.port)],
                cwd=self.folder, env=env, stdout=log, stderr=log,
            )  # fmt: skip
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)

    def post(self, number: int, headers: Mapping[str, str] = MappingProxyType({})) -> int | None:
        """The answer's status; null where there was none."""
        body = f"Subject: mail {number}\n\nHello.\n".encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhooks/mail", body, {"content-type": "message/rfc822", **headers})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def kept(self) -> list[bytes]:
        """The files a run would find; what a killed process was writing is none."""
        return [path.read_bytes() for path in list_files(folder_of(self.folder / ".mailroom"))]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path)
    made.start()
    yield made
    made.process.kill()
    made.process.wait()


def test_what_was_acknowledged_survives_a_kill_and_is_kept_once(receiver):
    with ThreadPoolExecutor(16) as senders:
        posts = [senders.submit(receiver.post, number) for number in range(MAILS)]
        while not any(post.done() for post in posts):
            time.sleep(0.005)
        receiver.process.send_signal(signal.SIGKILL)
        receiver.process.wait()
        unheard = [number for number, post in enumerate(posts) if post.result() is None]
    acknowledged = MAILS - len(unheard)
    assert acknowledged > 0
    assert len(set(receiver.kept())) >= acknowledged
    receiver.start()
    assert {receiver.post(number) for number in unheard} <= {200, 202}
    assert sorted(receiver.kept()) == sorted(f"Subject: mail {number}\n\nHello.\n".encode() for number in range(MAILS))


def test_told_to_end_it_finishes_what_it_accepted(receiver):
    with ThreadPoolExecutor(16) as senders:
        posts = [senders.submit(receiver.post, number) for number in range(MAILS)]
        while not any(post.done() for post in posts):
            time.sleep(0.005)
        receiver.process.terminate()
        answers = [post.result() for post in posts]
    assert receiver.process.wait(30) == 0
    assert set(answers) <= {202, None}  # none is where it listened no more
    assert len(set(receiver.kept())) == answers.count(202)
    assert "Traceback" not in receiver.log.read_text()


def test_honest_posts_and_health_are_answered_beside_the_silent(receiver):
    silent = [socket.create_connection(("127.0.0.1", receiver.port), 20) for _ in range(200)]
    endless = socket.create_connection(("127.0.0.1", receiver.port), 20)
    endless.sendall(b"GET /health HTTP/1.1\r\nX-Filler: " + b"a" * 20_000)
    assert {receiver.post(number) for number in range(10)} == {202}
    with urllib.request.urlopen(f"http://127.0.0.1:{receiver.port}/health", timeout=20) as answer:
        assert answer.status == 200
    for connection in (*silent, endless):
        connection.close()


@pytest.mark.parametrize(("proxies", "limited"), [("[]", True), ('["127.0.0.1"]', False)])
def test_whom_a_post_is_forwarded_for_is_believed_of_configured_proxies_only(tmp_path, proxies, limited):
    receiver = Receiver(tmp_path, MAILROOM_RECEIVER_TRUSTED_PROXIES=proxies, MAILROOM_RECEIVER_RATE_BURST="1",
                        MAILROOM_RECEIVER_RATE_PER_S="0.01")  # fmt: skip
    receiver.start()
    try:
        answers = [receiver.post(number, {"x-forwarded-for": f"192.0.2.{number}"}) for number in range(3)]
    finally:
        receiver.process.kill()
        receiver.process.wait()
    assert answers == ([202, 429, 429] if limited else [202, 202, 202])


def test_it_does_not_start_open_on_a_public_address(tmp_path):
    code = "from deployments.cli.main import main; main()"
    command = [sys.executable, "-c", code, "receiver", "--host", "0.0.0.0", "--port", "0"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "MAILROOM_RECEIVER_UPLOAD_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
