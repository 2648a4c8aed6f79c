"""The health check of Prefect's services asks Redis whether they live, as its own sockets can, also with a password."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from deployments.local.processes import free_port
from tests.deployments.docker.composed import DOCKER

pytest.importorskip("redis")
pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    """A Redis of its own, with a password."""
    chosen = free_port(0)
    options = ["--port", str(chosen), "--bind", "127.0.0.1", "--requirepass", "word", "--save", ""]
    process = subprocess.Popen(
        ["redis-server", *options], cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not _listens(chosen):
        time.sleep(0.05)
    yield chosen
    process.terminate()
    process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def asked(address: str) -> int:
    environment = {**os.environ, "PREFECT_SERVER_DOCKET_URL": address}
    return subprocess.run(["bash", DOCKER / "services_health.sh"], env=environment, capture_output=True).returncode


@pytest.mark.parametrize(
    ("member", "seconds_ago", "healthy"),
    [
        (f"{socket.gethostname()}#7", 2, True),
        (f"{socket.gethostname()}#7", 120, False),
        ("another-host#7", 2, False),
    ],
)
def test_only_a_recent_sign_of_this_hosts_services_is_health(port, member, seconds_ago, healthy):
    from redis import Redis

    redis = Redis(port=port, password="word", db=1)
    redis.delete("prefect:workers")
    redis.zadd("prefect:workers", {member: time.time() - seconds_ago})
    for login in (":word", "default:word"):
        assert (asked(f"redis://{login}@127.0.0.1:{port}/1") == 0) == healthy


def test_a_redis_that_is_away_or_another_database_is_none(port):
    assert asked(f"redis://:word@127.0.0.1:{port}/2") != 0
    assert asked(f"redis://127.0.0.1:{free_port(0)}/1") != 0
