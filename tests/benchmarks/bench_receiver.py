"""Posts mails to a receiver that is killed repeatedly, and checks that each acknowledged one has exactly one outcome.

Run by `make bench-receiver`. One process posts over loopback, signed, a few dozen at a time. It repeats a post that
gets no 2xx, as webhook senders do. Then more are posted, 300 a second at most, beside hostile connections: 1,000
silent, 1,000 half-open and one endless header, all from the same address. After that one run of `process-mail` empties
the inbox, answered by the simulator. The last line is JSON.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from deployments.local import processes
from deployments.local.prefect_env import own_environment
from deployments.local.server import ensure_server
from tasks.mailbox.inbox import list_files
from tests.benchmarks.hostile_connections import hostile_connections

ROOT = Path(__file__).resolve().parents[2]
MAILS = int(os.environ.get("MAILROOM_BENCH_MAILS", "10000"))
KILLS = 5
AT_A_TIME = 48
HOSTILE = int(os.environ.get("MAILROOM_BENCH_HOSTILE", "1000"))  # silent connections, and as many half-open ones
HOSTILE_MAILS = 3 * HOSTILE  # posted beside them
HOSTILE_PER_S = 300
PATIENCE_S = 60  # after which a post that nobody accepts is lost
KEY = os.urandom(32)
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Receiver:
    """The receiver as a process that can be killed and started again."""

    port: int
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "deployments.cli.main", "receiver", "--port", str(self.port)]
        code = "from deployments.cli.main import main; main()"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code, *command[3:]], cwd=self.log.parent, env=self.env, stdout=log, stderr=log
            )

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1
        self.start()

    def end(self) -> int:
        assert self.process
        self.process.terminate()
        return self.process.wait(60)


@dataclass
class Tally:
    """What the senders saw."""

    accepted: set[int] = field(default_factory=set)
    repeated: int = 0
    answers: Counter[int] = field(default_factory=Counter)


def mail_of(number: int) -> bytes:
    text = f"From: sender{number}@example.org\r\nTo: in@example.com\r\nMessage-ID: <{number}@example.org>\r\n"
    text += f"Subject: Order {number}\r\nDate: Wed, 25 Nov 2026 10:00:00 +0000\r\n\r\n"
    return (text + f"Hello, where is my order number {number}? Please answer by Friday.\r\n").encode()


def signed(body: bytes, number: int) -> dict[str, str]:
    stamp, name = str(int(time.time())), f"msg_{number}"
    signature = base64.b64encode(hmac.digest(KEY, f"{name}.{stamp}.".encode() + body, "sha256")).decode()
    return {"content-type": "message/rfc822", "webhook-id": name, "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}"}  # fmt: skip


async def post_all(url: str, receiver: Receiver) -> Tally:
    numbers, tally = iter(range(MAILS)), Tally()
    kill_at = [MAILS * (kill + 1) // (KILLS + 1) for kill in range(KILLS)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session:

        async def sender() -> None:
            for number in numbers:
                while not await post(session, url, number, tally):
                    tally.repeated += 1
                    await asyncio.sleep(0.05)
                if kill_at and len(tally.accepted) >= kill_at[0]:
                    kill_at.pop(0)
                    receiver.kill()

        await asyncio.gather(*(sender() for _ in range(AT_A_TIME)))
    return tally


async def post_beside_hostile(url: str, port: int) -> tuple[Tally, float]:
    """What the senders saw beside hostile connections, and the worst answer time of `/health` in s."""
    tally = Tally()
    async with (
        hostile_connections(port, HOSTILE) as health_s,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as session,
        asyncio.TaskGroup() as senders,
    ):
        for number in range(MAILS, MAILS + HOSTILE_MAILS):
            senders.create_task(post_patiently(session, url, number, tally))
            await asyncio.sleep(1 / HOSTILE_PER_S)
    return tally, max(health_s)


async def post_patiently(session: aiohttp.ClientSession, url: str, number: int, tally: Tally) -> None:
    until = time.monotonic() + PATIENCE_S
    while not await post(session, url, number, tally) and time.monotonic() < until:
        tally.repeated += 1
        await asyncio.sleep(0.05)


async def post(session: aiohttp.ClientSession, url: str, number: int, tally: Tally) -> bool:
    body = mail_of(number)
    try:
        async with session.post(url, data=body, headers=signed(body, number)) as answer:
            tally.answers[answer.status] += 1
            await answer.read()
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        return False
    if answer.status // 100 == 2:
        tally.accepted.add(number)
        return True
    return False


def outcomes_of(ledger_url: str) -> Counter[int]:
    """How many outcomes each mail has, by its number."""
    from sqlalchemy import select

    from tasks.ledger.engine import open_ledger
    from tasks.ledger.schema import outcomes

    wanted = select(outcomes.c.row["subject"].as_string()).where(outcomes.c.status == "COMPLETED")
    with open_ledger(ledger_url).begin() as connection:
        return Counter(int(subject.rpartition(" ")[2]) for subject in connection.scalars(wanted))


def process_inbox(env: dict[str, str], folder: Path) -> float:
    began = time.monotonic()
    code = "from deployments.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", code, "run", "inbox:"], cwd=folder, env=env, check=False)
    return time.monotonic() - began


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-receiver-"))
    api_url = os.environ.get("MAILROOM_TEST_PREFECT_API_URL") or ensure_server(folder).api_url
    simulator = start_simulator(folder)
    base = f"http://127.0.0.1:{simulator[1]}"
    env = own_environment(folder, api_url) | {
        "PYTHONPATH": str(ROOT), "MAILROOM_DATA_DIR": str(folder / "data"), "MAILROOM_RECEIVER_WEBHOOK_SECRET": SECRET,
        "OPENAI_API_KEY": "sk-simulated", "OPENAI_BASE_URL": f"{base}/v1",
    }  # fmt: skip
    receiver = Receiver(port=processes.free_port(0), env=env, log=folder / "receiver.log")
    try:
        receiver.start()
        wait_for(receiver.port)
        began = time.monotonic()
        tally = asyncio.run(post_all(f"http://127.0.0.1:{receiver.port}/webhooks/mail", receiver))
        posting_s = time.monotonic() - began
        hostile, health_worst_s = asyncio.run(
            post_beside_hostile(f"http://127.0.0.1:{receiver.port}/webhooks/mail", receiver.port)
        )
        code = receiver.end()
        processing_s = process_inbox(env, folder)
        found = outcomes_of(f"sqlite:///{folder / 'data' / 'ledger.db'}")
    finally:
        simulator[0].terminate()
        processes.end(folder, "server")
    figures = {
        "accepted": len(tally.accepted),
        "lost": len(tally.accepted - found.keys()),
        "doubled": sum(1 for times in found.values() if times > 1),
        "posts_per_s": round(MAILS / posting_s, 1),
        "kills": receiver.kills,
        "repeated_posts": tally.repeated,
        "hostile_lost": HOSTILE_MAILS - len(hostile.accepted & found.keys()),
        "hostile_repeated_posts": hostile.repeated,
        "health_worst_s": round(health_worst_s, 3),
        "duplicates_answered": tally.answers[200],
        "left_in_inbox": len(list_files(folder / "data" / "inbox")),
        "exit_code_on_sigterm": code,
        "processing_s": round(processing_s, 1),
    }
    for name, value in figures.items():
        print(f"{name:22} {value}")
    print(json.dumps(figures))


def start_simulator(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    port_file = folder / "simulator.port"
    command = [sys.executable, "-m", "deployments.simulator", "--port", "0", "--port-file", str(port_file)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not port_file.exists():
        time.sleep(0.05)
    return process, int(port_file.read_text())


def wait_for(port: int) -> None:
    import socket

    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)


if __name__ == "__main__":
    main()
