"""A Docker engine for the tests: the one that answers here, or on a Debian machine without one, one that is set up.

No registry is asked for an image: what is not there is stood in for by one made of Debian's packages.
MAILROOM_TEST_OFFICIAL_IMAGES=1 has the engine fetch the official ones. Images and build cache stay for the next time.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deployments.docker.composed import DOCKER, ROOT, read_compose

HERE = Path(__file__).parent
PYTHON_TAG = next(
    line.removeprefix("ARG PYTHON=")
    for line in (DOCKER / "Dockerfile").read_text().splitlines()
    if line.startswith("ARG PYTHON=")
)
BASE = f"python:{PYTHON_TAG}"
SERVICES: dict[str, Any] = read_compose()["services"]
IMAGE: str = SERVICES["worker"]["image"]
_OWN = Path(os.environ.get("MAILROOM_TEST_ENGINE", "/var/tmp/mailroom-engine"))
_OFFICIAL = bool(os.environ.get("MAILROOM_TEST_OFFICIAL_IMAGES"))


@dataclass(frozen=True)
class Engine:
    """Runs the `docker` that has Compose."""

    program: str
    environment: Mapping[str, str]

    def docker(self, *words: str, cwd: Path = ROOT, more: Mapping[str, str] = {}) -> str:
        """What the command wrote; an assertion fails where it did."""
        done = self.tried(*words, cwd=cwd, more=more)
        assert done.returncode == 0, f"docker {' '.join(words)}\n{done.stdout[-4_000:]}{done.stderr[-4_000:]}"
        return done.stdout

    def tried(
        self, *words: str, cwd: Path = ROOT, more: Mapping[str, str] = {}, timeout_s: float = 3_600
    ) -> subprocess.CompletedProcess[str]:
        """How the command ended."""
        return subprocess.run(
            [self.program, *words], cwd=cwd, env={**os.environ, **self.environment, **more},
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout_s,
        )  # fmt: skip

    def has(self, image: str) -> bool:
        """Whether an image is there."""
        return self.tried("image", "inspect", image).returncode == 0

    def inspect(self, what: str) -> dict[str, Any]:
        """What the engine knows of an image or a container."""
        found: dict[str, Any] = json.loads(self.docker("inspect", what))[0]
        return found

    def size_mb(self, image: str) -> float:
        """The image's size in MB, all layers together."""
        return float(self.inspect(image)["Size"]) / 1e6


def find_engine() -> Engine:
    """An engine that has Compose; skips the test with the reason where there is none and none can be set up."""
    own = {"DOCKER_HOST": f"unix://{_OWN}/docker.sock", "DOCKER_CONFIG": f"{_OWN}/config"}
    for program in filter(None, (shutil.which("docker"), "/usr/bin/docker")):
        for environment in ({"DOCKER_BUILDKIT": "1"}, {"DOCKER_BUILDKIT": "1", **own}):
            engine = Engine(program, environment)
            if Path(program).exists() and _answers(engine):
                return engine
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("no Docker engine with Compose answers, and setting one up takes root on Debian")
    done = subprocess.run(["sh", HERE / "engine.sh", _OWN], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        pytest.skip(f"no Docker engine could be set up: {done.stderr[-600:]}")
    return Engine("/usr/bin/docker", {"DOCKER_BUILDKIT": "1", **own})


def _answers(engine: Engine) -> bool:
    return all(engine.tried(*words).returncode == 0 for words in (["version"], ["compose", "version"]))


def build(engine: Engine) -> None:
    """The image of the Dockerfile, as it is; the official base, or what stands in for it."""
    if not _OFFICIAL and not engine.has(BASE):
        stand_in(engine, "base_image.sh", PYTHON_TAG, _python_prefix())
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    arguments = ["--build-arg", f"REVISION={revision}"] if revision else []
    # The host's network: whatever leads to the package index here leads there from the build.
    engine.docker(
        "build", "--network", "host", *arguments, "-f", str(DOCKER / "Dockerfile"), "-t", IMAGE, str(ROOT)
    )  # fmt: skip


def make_service_images(engine: Engine) -> None:
    """What compose.yaml has besides ours, or what stands in for it; Grafana is in no package, and left out."""
    if _OFFICIAL:
        return
    for service in ("postgres", "redis", "prometheus"):
        if not engine.has(SERVICES[service]["image"]):
            stand_in(engine, "service_image.sh", service, SERVICES[service]["image"])


def stand_in(engine: Engine, script: str, *words: str) -> None:
    """An image made by one of the scripts beside this file."""
    environment = {**os.environ, **engine.environment, "DOCKER": engine.program}
    done = subprocess.run(
        ["sh", HERE / script, *words], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        pytest.skip(f"{' '.join((script, *words))} failed: {done.stderr[-600:]}")


def _python_prefix() -> str:
    """Where a Python of the base image's version is installed here."""
    version = PYTHON_TAG.partition("-")[0]
    tried = [f"python{version}", *map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))]
    for program in (sys.executable, *tried):
        ask = "import sys; print(*sys.version_info[:2], sep='.'); print(sys.base_prefix)"
        if not shutil.which(program):
            continue
        done = subprocess.run([program, "-c", ask], capture_output=True, text=True)
        found, _, prefix = done.stdout.strip().partition("\n")
        if done.returncode == 0 and found == version and prefix not in ("/usr", "/"):
            return prefix
    pytest.skip(f"no Python {version} with a prefix of its own is here that could stand in for {BASE}")
