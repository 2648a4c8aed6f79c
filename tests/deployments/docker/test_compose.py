"""compose.yaml has no unknown settings and opens nothing to the outside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from deployments.local.prefect_env import OF_EVERY_CLIENT, OF_OUR_SERVER
from tests.deployments.commands import parse
from tests.deployments.docker.composed import DOCKER, FILE, image_environment, our_services, read_compose
from tests.deployments.variables import unknown

SERVICES = read_compose()["services"]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "check",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)],
        ["hadolint", str(DOCKER / "Dockerfile")],
    ],
    ids=lambda check: check[0],
)
def test_linters_find_no_fault(check):
    done = subprocess.run([BIN / check[0], *check[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", our_services())
def test_every_variable_is_read_by_somebody(name):
    assert unknown(SERVICES[name]["environment"]) == set()


def test_every_variable_of_the_image_is_read_and_makes_processes_what_clients_are_elsewhere():
    found = image_environment()
    assert unknown(found) == {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert (OF_EVERY_CLIENT | OF_OUR_SERVER).items() <= found.items()


@pytest.mark.parametrize("name", our_services())
def test_every_command_is_understood(name):
    assert parse(SERVICES[name]["command"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_secret_a_service_reads_is_mounted_and_declared(name):
    mounted = set(SERVICES[name].get("secrets", []))
    read = {
        value.removeprefix("/run/secrets/")
        for value in SERVICES[name].get("environment", {}).values()
        if str(value).startswith("/run/secrets/")
    }
    assert read <= mounted <= set(read_compose()["secrets"])


def test_no_secret_stands_in_the_file():
    assert all(list(one) == ["file"] for one in read_compose()["secrets"].values())
    named = [
        n for one in SERVICES.values() for n in one.get("environment", {}) if "PASSWORD" in n or "AUTH_STRING" in n
    ]
    assert named
    assert all(name.endswith("_FILE") for name in named)


def test_nothing_listens_beyond_this_machine():
    published = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert all("ports" not in SERVICES[name] for name in ("postgres", "redis"))


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_and_volumes_named(name):
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert tag
    assert tag != "latest"
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert source in read_compose()["volumes"] or (DOCKER / source).exists(), f"{volume} is nowhere"


@pytest.mark.parametrize("name", our_services())
def test_our_processes_may_do_little(name):
    one = SERVICES[name]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])


@pytest.mark.parametrize("name", SERVICES)
def test_who_waits_for_a_healthy_service_waits_for_one_that_can_tell(name):
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        check = SERVICES[needed].get("healthcheck", {})
        of_the_image = needed in our_services() and not check.get("disable")
        assert how["condition"] != "service_healthy" or of_the_image or "test" in check, f"{needed} has no health check"


@pytest.mark.parametrize(
    "command", ["prefect worker start --pol x", "mailroom metrics --port x", "prefect servers start"]
)
def test_a_misspelt_command_would_be_found(command):
    with pytest.raises((CycloptsError, AssertionError)):
        parse(command.split())
