"""Simulators with options of their own, and the questions that Mailroom asks them."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.understand import prompts

ROOT = Path(__file__).resolve().parents[3]
KEY = "sk-accepted"


@dataclass(frozen=True)
class Started:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stats(self, query: str = "") -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/stats{query}") as reply:
            found: dict[str, Any] = json.load(reply)
            return found


@pytest.fixture(scope="session")
def start_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Started]]:
    """Starts simulators with the options given; all end with the session."""
    started: list[Started] = []

    def start(*options: str) -> Started:
        folder = tmp_path_factory.mktemp("simulator")
        port_file, log = folder / "port", folder / "log"
        command = [
            sys.executable,
            "-m",
            "deployments.simulator",
            "--port",
            "0",
            "--port-file",
            str(port_file),
            *options,
        ]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
        while not port_file.exists():
            assert process.poll() is None, log.read_text()
            time.sleep(0.02)
        started.append(Started(f"http://127.0.0.1:{port_file.read_text()}", process, log))
        return started[-1]

    yield start
    for one in started:
        one.process.terminate()
    for one in started:
        one.process.wait(20)


@pytest.fixture(scope="session")
def strict(start_simulator: Callable[..., Started]) -> Started:
    """A simulator that accepts one key alone."""
    return start_simulator("--keys", f"{KEY},sk-other")


def mail(
    text: str, *, key: str = "0123456789abcdef", subject: str = "A question", sender: str = "Jo Doe"
) -> dict[str, Any]:
    """A mail as the prompts take it."""
    name = {"sender_name": sender, "sender": f"{sender} <jo@example.com>"}
    return {"message_key": key, "subject": subject, "date": None, "attachments": [], "text": text, **name}


@pytest.fixture(scope="session")
def triage_of() -> Callable[..., str]:
    """The triage question about a mail, in the project's own words."""
    return lambda text, **fields: prompts.triage_text(mail(text, **fields))


@pytest.fixture(scope="session")
def analysis_about() -> Callable[..., str]:
    """The analysis question about a mail, in the project's own words."""

    def ask(text: str, into: str | None = None, **fields: Any) -> str:
        return prompts.analysis_text(mail(text, **fields), translate_into=into)

    return ask


@pytest.fixture(scope="session")
def block_of() -> Callable[[Mapping[str, Any]], str]:
    """A mail's block alone, for questions about several."""
    return lambda fields: prompts.mail_block(mail(**fields))
