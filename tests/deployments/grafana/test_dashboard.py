"""Every query of the dashboard and of the alerts is answered by a real Prometheus that scrapes a real ledger."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import insert

from deployments.local.processes import free_port
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import breakers, completions, corrections, effects, messages, outcomes, sampled_answers
from tasks.mailbox.inbox import folder_of, put
from tests.deployments.docker.composed import ROOT, read_compose

GRAFANA = ROOT / "deployments" / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboards" / "mailroom.json").read_text())
QUERIES = {
    f"{panel['title']}: {target['legendFormat']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", [])
}
_PATIENCE_S = 60.0

needs_prometheus = pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed")


def _fill(ledger_url: str, batch: int) -> None:
    """Mails of all fates, so that counters have grown when this is done a second time."""
    now = time.time()
    done = {
        "run_id": "r",
        "provider": "openai",
        "processed_at": now,
        "row": {"cached_calls": 1, "sorted_by": "classifier 1"},
    }
    asked = {"state": "done", "run_id": "r", "message_key": "k", "question": "triage", "provider": "openai",
             "model": "gpt-6-luna", "key_index": 0, "simulated": True, "input_tokens": 100, "output_tokens": 20,
             "cache_read_tokens": 0, "cache_write_tokens": 0, "reasoning_tokens": 0, "error_code": None,
             "price_nusd": 1_500_000, "begun_at": now, "ended_at": now}  # fmt: skip
    waiting = {"retry": False, "fence": 1, "owner": "", "lease_until": 0, "first_seen": now - 60, "updated": now}
    effect = {"message_key": "a", "run_id": "r", "position": 0, "action": "label", "parameters": {}, "rule": "x",
              "target": "", "content": {}, "content_hash": "", "planned_at": now, "updated": now}  # fmt: skip
    with open_ledger(ledger_url).begin() as connection:
        for status, seconds in (("COMPLETED", 0.4), ("COMPLETED", 7.0), ("FAILED", 20.0)):
            row = {**done, "message_key": f"{batch}", "status": status, "category": "SUPPORT", "seconds": seconds}
            connection.execute(insert(outcomes).values(row))
        failed = {"state": "failed", "error_code": "RATE_LIMIT", "price_nusd": 0}
        for number, more in enumerate((failed, {}, {"key": f"x{batch}", "price_nusd": None})):
            call = {**asked, "call": 10 * batch + number, "key": f"q{batch}", **more}
            connection.execute(insert(completions).values(call))
        connection.execute(insert(messages).values({**waiting, "message_key": f"{batch}", "state": "PENDING"}))
        connection.execute(insert(effects).values({**effect, "effect_id": f"{batch}", "state": "done"}))
        said = {"message_key": f"{batch}", "was": "OTHER", "person": "Ann", "way": "form", "at": now}
        connection.execute(insert(corrections), [{**said, "category": one} for one in ("OTHER", "SUPPORT")])
        both = {"classifier": 1, "message_key": f"{batch}", "said": "OTHER", "model_said": "OTHER", "at": now}
        connection.execute(insert(sampled_answers), [both])
        if not batch:
            connection.execute(insert(breakers).values(provider="openai", state="closed", until=now, changed_at=now))


@contextmanager
def _process(command: list[str], folder: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **variables}, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _ask(prometheus: str, query: str) -> list[dict[str, Any]]:
    ready_to_ask = query.replace("$__rate_interval", "1m").replace("$__range", "5m")
    address = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': ready_to_ask})}"
    try:
        with urllib.request.urlopen(address) as reply:
            found: list[dict[str, Any]] = json.load(reply)["data"]["result"]
            return found
    except urllib.error.HTTPError as error:
        if error.code == 503:
            return []  # it has not read its own files yet
        raise AssertionError(f"{query}\n{error.read().decode()}") from error
    except urllib.error.URLError:
        return []


def _value(prometheus: str, query: str) -> float:
    return max((float(one["value"][1]) for one in _ask(prometheus, query)), default=math.nan)


def _wait(prometheus: str, query: str, least: float) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not _value(prometheus, query) >= least:
        assert time.monotonic() < deadline, f"`{query}` gives {_value(prometheus, query)}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The configuration that Compose mounts, aimed at a metrics process on this machine, faster."""
    folder = tmp_path_factory.mktemp("prometheus")
    ledger_url = f"sqlite:///{folder / 'ledger.db'}"
    put(folder_of(folder), b"Subject: x\n\ny", "a.eml")
    _fill(ledger_url, 0)
    metrics, port = free_port(0), free_port(0)
    config = (GRAFANA / "prometheus.yml").read_text().replace("metrics:8001", f"127.0.0.1:{metrics}")
    (folder / "prometheus.yml").write_text(re.sub(r"_interval: \d+s", "_interval: 1s", config))
    shutil.copy(GRAFANA / "alerts.yml", folder)
    here = f"http://127.0.0.1:{port}"
    ours = [str(Path(sys.executable).parent / "mailroom"), "metrics", "--port", str(metrics)]
    theirs = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    told = {"MAILROOM_LEDGER_URL": ledger_url, "MAILROOM_DATA_DIR": str(folder), "MAILROOM_METRICS_FRESH_S": "0"}
    with _process(ours, folder, **told), _process(theirs, folder):
        _wait(here, 'emails_processed_total{status="completed"}', 2)
        _fill(ledger_url, 1)
        _wait(here, 'emails_processed_total{status="completed"}', 4)
        _wait(here, 'increase(emails_processed_total{status="failed"}[1m])', 0.1)
        yield here


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_prometheus_would_take_the_configuration():
    done = subprocess.run(["promtool", "check", "config", GRAFANA / "prometheus.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_prometheus
@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_query_of_the_dashboard_gives_a_number(prometheus, query):
    assert not math.isnan(_value(prometheus, query)), query


@needs_prometheus
def test_every_alert_asks_for_what_there_is(prometheus):
    for rule in yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"][0]["rules"]:
        for name in re.findall(r"\b(?:mailroom|emails?|ai)_\w+", rule["expr"]):
            assert _ask(prometheus, name), f"{rule['alert']} asks for {name}"


def test_every_metric_is_on_the_dashboard():
    from prometheus_client.registry import CollectorRegistry

    from deployments.metrics.collector import LedgerCollector

    registry = CollectorRegistry()
    registry.register(LedgerCollector("sqlite://", Path("nowhere"), 0))
    shown = " ".join(QUERIES.values())
    assert {one.name for one in registry.collect() if one.name not in shown} == set()


def test_grafana_finds_the_dashboard_and_its_source():
    mounted = {
        volume.split(":")[1]: volume.split(":")[0] for volume in read_compose()["services"]["grafana"]["volumes"]
    }
    provider = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "mailroom.yaml").read_text())["providers"][0]
    assert mounted[provider["options"]["path"]] == "../grafana/dashboards"
    source = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yaml").read_text())["datasources"][
        0
    ]
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if panel["type"] != "row"} == {source["uid"]}
