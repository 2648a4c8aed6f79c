"""An image with older code: what a ledger was made by before its newest change of schema."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deployments.docker.composed import ROOT
from tests.deployments.docker.engine.docker import IMAGE, Engine

_MIGRATIONS = "tasks/ledger/migrations/versions"
# On the libraries of today's image, whose scripts it keeps: they are what an engine needs, and no part of the ledger.
_DOCKERFILE = f"""\
FROM {IMAGE}
USER root
RUN cp -r /app/deployments/docker /tmp/docker && rm -rf /app/flows /app/tasks /app/deployments
COPY . /app
RUN rm -rf /app/deployments/docker && mv /tmp/docker /app/deployments/docker
USER 10001:10001
"""


def commit_before_the_newest_migration() -> str:
    """The commit; skips the test where the history does not go back so far."""
    newest = _git("log", "-1", "--format=%H", "--diff-filter=A", "--", _MIGRATIONS).decode().strip()
    try:
        return _git("rev-parse", f"{newest}^").decode().strip()
    except subprocess.CalledProcessError:
        pytest.skip("the history here does not go back to the schema before")


@contextmanager
def older_image(engine: Engine, folder: Path) -> Iterator[None]:
    """Within the block, the image that compose.yaml names has the code of that commit."""
    commit = commit_before_the_newest_migration()
    code = _git("archive", "--format=tar", commit, "flows", "tasks", "deployments", "prefect.yaml")
    with tarfile.open(fileobj=io.BytesIO(code)) as files:
        files.extractall(folder, filter="data")
    (folder / "Dockerfile").write_text(_DOCKERFILE)
    now, older = f"{IMAGE}-now", f"{IMAGE}-older"
    engine.docker("build", "--tag", older, str(folder))
    engine.docker("tag", IMAGE, now)
    engine.docker("tag", older, IMAGE)
    try:
        yield
    finally:
        engine.docker("tag", now, IMAGE)


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout
