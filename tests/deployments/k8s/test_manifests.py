"""The manifests as kustomize renders them: valid for Kubernetes, and with nothing in them that nobody understands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tests.deployments.commands import parse
from tests.deployments.docker.composed import ROOT
from tests.deployments.variables import unknown

K8S = ROOT / "deployments" / "k8s"
VARIANTS = ("base", "kubernetes-pool", "external-secrets")
# What a person makes by `kubectl create secret`, as the base shows it; the keys of a provider may be missing.
EXAMPLES = {path.stem: path for path in (K8S / "base" / "secrets.example").glob("*.env")}
BIN = Path(sys.executable).parent


@cache
def rendered(variant: str) -> str:
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "k8s"
        shutil.copytree(K8S, copy, ignore=shutil.ignore_patterns("secrets"))
        done = subprocess.run([BIN / "kubectl", "kustomize", copy / variant], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def documents(variant: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(rendered(variant)))


def objects(variant: str, *kinds: str) -> dict[str, dict[str, Any]]:
    """By name, those of these kinds."""
    return {one["metadata"]["name"]: one for one in documents(variant) if one["kind"] in kinds}


def pods(variant: str) -> dict[str, dict[str, Any]]:
    """The pods' specs by the name of what starts them."""
    return {name: one["spec"]["template"]["spec"] for name, one in objects(variant, "Deployment", "Job").items()}


def containers(variant: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods(variant).items():
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield name, container


def validate(text: str, folder: Path) -> None:
    (folder / "rendered.yaml").write_text(text)
    command = [BIN / "kubernetes-validate", "--strict", folder / "rendered.yaml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def secrets_of_a_person() -> dict[str, set[str]]:
    """Each Secret that `kubectl create secret` makes of the examples, with its keys."""
    found = {}
    for name, path in EXAMPLES.items():
        command = ["kubectl", "create", "secret", "generic", name, f"--from-env-file={path}"]
        done = subprocess.run(
            [BIN / command[0], *command[1:], "--dry-run=client", "-o", "json"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        found[name] = set(json.loads(done.stdout)["data"])
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_would_take_it(variant, tmp_path):
    # Of an ExternalSecret only its operator knows what it may hold.
    known = [one for one in documents(variant) if one["kind"] != "ExternalSecret"]
    validate(yaml.safe_dump_all(known), tmp_path)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_command_and_variable_is_understood(variant):
    settings = objects(variant, "ConfigMap")
    for name, container in containers(variant):
        command = container["args"]
        parse(command if command[0] != "sh" else ["sh", "-c", " ".join(command[2].split())])
        variables = {one["name"]: one.get("value", "") for one in container.get("env", [])}
        for source in container.get("envFrom", []):
            variables |= settings[source["configMapRef"]["name"]]["data"]
        assert unknown(variables) == set(), name


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_secret_that_is_read_is_one_that_a_person_makes_by_that_name(variant):
    kept = secrets_of_a_person()
    read = [
        one["valueFrom"]["secretKeyRef"]
        for _, container in containers(variant)
        for one in container.get("env", [])
        if "valueFrom" in one
    ]
    assert read
    assert all(one["key"] in kept[one["name"]] for one in read)
    assert objects(variant, "Secret") == {}, "a Secret of ours would take the place of a person's"


def test_the_external_secrets_are_those_that_are_read():
    made = objects("external-secrets", "ExternalSecret")
    assert {one["spec"]["target"]["name"] for one in made.values()} == set(EXAMPLES)
    assert {one["spec"]["dataFrom"][0]["extract"]["key"] for one in made.values()} == set(EXAMPLES)


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_starts_slowly_is_not_killed_for_it(variant):
    for name, pod in pods(variant).items():
        for container in pod["containers"]:
            if "livenessProbe" in container:
                startup = container["startupProbe"]
                assert startup["periodSeconds"] * startup["failureThreshold"] >= 180, name


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_pod_of_ours_may_more_than_it_needs(variant):
    for name, pod in pods(variant).items():
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["enableServiceLinks"] is False, "variables of services would be taken for settings"
        assert pod["automountServiceAccountToken"] is (variant == "kubernetes-pool" and name == "worker")
    for name, container in containers(variant):
        assert container["securityContext"]["readOnlyRootFilesystem"], name
        least, most = ("768Mi", "1536Mi") if name == "worker" else ("512Mi", "1Gi")
        assert container["resources"]["requests"] == {"memory": least, "cpu": "250m"}, name
        assert container["resources"]["limits"] == {"memory": most, "cpu": "500m"}, name
        mounted = {one["name"] for one in container["volumeMounts"]}
        assert mounted <= {one["name"] for one in pods(variant)[name]["volumes"]}


def test_three_workers_get_the_keys_by_their_variables():
    assert objects("base", "Deployment")["worker"]["spec"]["replicas"] == 3
    found = {
        one["name"]: one["valueFrom"]["secretKeyRef"]["key"]
        for one in pods("base")["worker"]["containers"][0]["env"]
        if one.get("valueFrom", {}).get("secretKeyRef", {}).get("name", "").startswith("ai-api-keys")
    }
    assert found == {"OPENAI_API_KEY": "openai-key", "CLAUDE_API_KEY": "claude-key", "GEMINI_API_KEY": "gemini-key"}


def test_the_receiver_is_looked_after_and_reached_by_port_80():
    container = pods("base")["receiver"]["containers"][0]
    told = {
        kind: (
            container[kind]["httpGet"]["path"],
            container[kind]["initialDelaySeconds"],
            container[kind]["periodSeconds"],
        )
        for kind in ("livenessProbe", "readinessProbe")
    }
    assert told == {"livenessProbe": ("/health", 30, 10), "readinessProbe": ("/ready", 5, 5)}
    port = objects("base", "Service")["receiver"]["spec"]["ports"][0]
    assert (port["port"], port["targetPort"]) == (80, 8000)


def test_who_is_selected_is_there():
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in objects("base", "Deployment", "Job").values()]
    selected = [one["spec"]["selector"] for one in objects("base", "Service").values()]
    selected += [one["spec"]["selector"]["matchLabels"] for one in objects("base", "PodDisruptionBudget").values()]
    policies = objects("base", "NetworkPolicy").values()
    selected += [one["spec"]["podSelector"].get("matchLabels", {}) for one in policies]
    assert all(any(wanted.items() <= one.items() for one in labels) for wanted in selected)


def test_a_run_that_is_a_pod_would_be_taken_and_finds_its_secrets(tmp_path):
    pool = json.loads((K8S / "kubernetes-pool" / "pool.json").read_text())
    configuration, variables = pool["job_configuration"], pool["variables"]["properties"]
    assert set(re.findall(r"{{ (\w+) }}", json.dumps(configuration))) == set(variables)
    values = {name: one.get("default") for name, one in variables.items()}
    values |= {"env": [], "annotations": {}, "name": "run", "command": ["prefect", "flow-run", "execute"]}

    def fill(found: re.Match[str]) -> str:
        value = values[found[1]]
        return json.dumps(f"{value}{found[2]}" if found[2] else value)

    job = json.loads(re.sub(r'"{{ (\w+) }}([^"]*)"', fill, json.dumps(configuration["job_manifest"])))
    # Prefect's worker refuses a job without these two, though Kubernetes knows them one level up and drops them here.
    assert [job["spec"]["template"]["spec"].pop(name) for name in ("completions", "parallelism")] == [1, 1]
    # The linter wants a name; Kubernetes makes one up.
    validate(json.dumps({**job, "metadata": {**job["metadata"], "name": "run"}}), tmp_path)
    spec = job["spec"]["template"]["spec"]
    kept = secrets_of_a_person()
    sources = [
        one["secret"] for volume in spec["volumes"] if "projected" in volume for one in volume["projected"]["sources"]
    ]
    assert sources
    assert all(item["key"] in kept[one["name"]] for one in sources for item in one["items"])
    assert spec["containers"][0]["envFrom"][0]["configMapRef"]["name"] in objects("kubernetes-pool", "ConfigMap")
    assert unknown(variables["env"]["default"]) == set()
