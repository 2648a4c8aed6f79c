"""compose.yaml as the tests read it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
DOCKER = ROOT / "deployments" / "docker"
FILE = DOCKER / "compose.yaml"
_DEFAULT = re.compile(r"\$\{[A-Z_]+:-([^${}]*)\}")


def read_compose() -> dict[str, Any]:
    """The file, its anchors resolved, and every `${NAME:-default}` with its default."""
    text, more = FILE.read_text(), 1
    while more:
        text, more = _DEFAULT.subn(r"\1", text)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def our_services() -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    return {name: one for name, one in read_compose()["services"].items() if one["image"].startswith("mailroom:")}


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    last_stage = (DOCKER / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    block = re.search(r"^ENV ((?:.*\\\n)*.*)$", last_stage, re.MULTILINE)
    assert block
    return dict(re.findall(r"(\w+)=(\S+)", block[1]))
