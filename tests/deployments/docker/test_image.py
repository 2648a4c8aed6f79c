"""The image as it is built: what it weighs, says of itself, holds and writes. Run by `make test-image`."""

from __future__ import annotations

import json
import tomllib

import pytest

from tests.deployments.docker.composed import ROOT
from tests.deployments.docker.engine.docker import BASE, IMAGE, Engine

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("engine")]

# The official base weighs 125 MB, so that the whole stays below 900; what stands in for it weighs more.
MOST_ABOVE_BASE_MB = 775
UNCOMPILED = """
import os, sys, warnings; warnings.simplefilter("ignore")
import flows.process_mail, deployments.cli.main, prefect.server.api.server, prefect.workers.process
files = {one.__cached__ for one in sys.modules.values() if getattr(one, "__cached__", None)}
# beartype compiles what it checks under names of its own.
print(sorted(one for one in files if not os.path.exists(one) and "/key_value/" not in one))
"""
# What a container is given to do, and a word of what it says when it was given nothing to do it with.
COMMANDS = {
    "mailroom worker": "PREFECT_API_URL",
    "mailroom register": "PREFECT_API_URL",
    "mailroom receiver --host 0.0.0.0": "MAILROOM_RECEIVER_",
    "mailroom watch /no/such/folder": "/no/such/folder",
    "mailroom watch imap://support": "support",
    "mailroom consume redis://": "redis",
    "mailroom run /app/deployments/demo/sample_mailbox": "PREFECT_API_URL",
    "mailroom rules try /app/deployments/demo/sample_mailbox": "PREFECT_API_URL",
    "mailroom estimate /no/such/folder": "/no/such/folder",
}


def run(engine: Engine, *words: str, options: tuple[str, ...] = ()) -> str:
    return engine.docker("run", "--rm", "--read-only", "--tmpfs", "/tmp", "--network", "none", *options, IMAGE, *words)


def test_it_is_no_heavier_than_it_may_be(engine):
    whole, base = engine.size_mb(IMAGE), engine.size_mb(BASE)
    assert whole - base <= MOST_ABOVE_BASE_MB, f"{whole:.0f} MB, {whole - base:.0f} of it above its base"


def test_it_says_what_it_is(engine):
    labels = engine.inspect(IMAGE)["Config"]["Labels"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    told = {name.removeprefix("org.opencontainers.image."): value for name, value in labels.items()}
    assert told["version"] == project["version"]
    assert told["licenses"] == project["license"]
    assert told["base.name"] == f"docker.io/library/{BASE}"
    assert {"title", "description", "revision"} <= told.keys()


def test_it_holds_what_runs_and_nothing_else(engine):
    found = run(engine, "sh", "-c", "ls -A /app /app/deployments/docker; command -v pip uv gcc || echo none").split()
    assert found[-1] == "none"
    assert {"flows", "tasks", "deployments", "prefect.yaml"} <= set(found)
    assert {"tests", ".git", ".env", "secrets", "drop", "mailroom.env"} & set(found) == set()
    assert run(engine, "id", "-u").strip() == "10001"


def test_what_its_processes_import_is_compiled(engine):
    assert run(engine, "python", "-c", UNCOMPILED, options=("--tmpfs", "/data:uid=10001")).split() == ["[]"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_its_environment_says_in_one_line_what_it_lacks(engine, command):
    options = ("--rm", "--read-only", "--tmpfs", "/tmp", "--tmpfs", "/data:uid=10001", "--network", "none")
    done = engine.tried("run", *options, IMAGE, *command.split(), timeout_s=300)
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode == 2, said
    assert "Traceback" not in " ".join(said)
    assert len(said) == 1, said
    assert COMMANDS[command] in said[0]


def test_its_processes_write_nowhere_but_in_the_data_folder_and_tmp(engine):
    script = "cd /data; mailroom simulator --port 8765 & mailroom run /app/deployments/demo/sample_mailbox; kill $!"
    told = ("--env", "OPENAI_API_KEY=sk-simulated", "--env", "OPENAI_BASE_URL=http://127.0.0.1:8765/v1")
    name = "mailroom-writes"
    engine.tried("rm", "--force", "--volumes", name)
    try:
        done = engine.tried("run", "--name", name, "--network", "none", *told, IMAGE, "sh", "-c", script)
        changed = [line.split()[1] for line in engine.docker("diff", name).splitlines()]
    finally:
        engine.docker("rm", "--force", "--volumes", name)
    assert "29 completed" in done.stdout, done.stdout + done.stderr
    assert [path for path in changed if not path.startswith(("/tmp", "/data"))] == []


def test_it_tells_its_health_itself(engine):
    assert json.dumps(engine.inspect(IMAGE)["Config"]["Healthcheck"]["Test"]).count("health.sh") == 1
