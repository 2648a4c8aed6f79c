"""run.lock is sufficient for a run: each import is in it or in an extra."""

from __future__ import annotations

import ast
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from deployments.local import processes
from tests.conftest import running_simulator
from tests.services.locked import ROOT, extras, locked, make_environment, modules, with_dependencies

OURS = ("flows", "tasks", "deployments")
FOR_TYPES = ("_typeshed",)  # what type checkers have, and no program imports
FILES = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
MAILROOM = "from deployments.cli.main import main; main()"
# What makes Mailroom want the library of an extra; each raises the error that says so.
_OPEN = "from deployments.watch.queues.addresses import open_queue, read_address; open_queue(read_address('{}', ''))"
WANTED = {
    "amqp": _OPEN.format("amqp://127.0.0.1/mails"),
    "aws": "import tasks.providers.catalogue.secret_stores as m; os.environ['MAILROOM_AWS_SECRET'] = 'a'; "
    "m.aws_secret()",
    "dask": "import flows.run.task_runners as m; os.environ['MAILROOM_TASK_RUNNER'] = 'dask'; m.task_runner()",
    "gcs": "from tasks.mailbox.sources import open_source; open_source('gs://bucket')",
    "kafka": _OPEN.format("kafka://127.0.0.1/mails"),
    "nats": _OPEN.format("nats://127.0.0.1/mails"),
    "otel": "import tasks.traces as m; m.set_up_traces.cache_clear(); os.environ['MAILROOM_OTEL_ENDPOINT'] = "
    "'http://127.0.0.1:9'; m.set_up_traces()",
    "postgres": "from tasks.ledger.engine import open_ledger; open_ledger('postgresql+psycopg://u@127.0.0.1:9/none')",
    "ray": "import flows.run.task_runners as m; os.environ['MAILROOM_TASK_RUNNER'] = 'ray'; m.task_runner()",
    "s3": "from tasks.mailbox.sources import open_source; open_source('s3://bucket')",
    "triage": "import numpy as n, tasks.classifier.train as m; one = (n.zeros(1, 'int32'), n.ones(1, 'float32')); "
    "m.train(m.Examples(features=[one] * 4, labels=['A', 'B'] * 2, weights=n.ones(4), counted=n.ones(4, bool)), "
    "never=(), alpha=0.05, delta=0.05)",
    "tnef": "from tasks.parsing.documents import tnef; tnef.read(b'', None)",
}
# Modules that are imported by the scheme of an address, each for the library of its own extra.
OF_AN_EXTRA = {
    "deployments.watch.queues.amqp_queue": "aio_pika",
    "deployments.watch.queues.kafka_topic": "confluent_kafka",
    "deployments.watch.queues.nats_stream": "nats",
}
IMPORT_ALL = """
import importlib, json, sys
failed = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = f"{type(error).__name__}: {error}"
print(json.dumps(failed))
"""
ASK_ALL = """
import json, os, sys
said = {}
for extra, code in json.loads(sys.argv[1]).items():
    try:
        exec(code, {"os": os})
    except Exception as error:
        said[extra] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh clone."""
    return make_environment(tmp_path_factory.mktemp("fresh"), locked() | {"mailroom"})


def asked(python: Path, *words: str) -> str:
    """What it printed last."""
    done = subprocess.run([python, "-c", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def third_parties() -> Iterator[tuple[str, str]]:
    """(where, distribution) of each import that is neither of Python's own nor of ours; also of those in functions."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            for name in imported_by(node):
                if name.partition(".")[0] not in {*sys.stdlib_module_names, *OURS, *FOR_TYPES}:
                    yield f"{path.relative_to(ROOT)}:{node.lineno} imports {name}", owner_of(name)  # type: ignore[attr-defined]


def imported_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        # Of a namespace, such as `google`, what is imported from it tells whose it is.
        return [f"{node.module}.{one.name}" for one in node.names]
    return []


def owner_of(name: str) -> str:
    """Whose the module is, or the module that what is called so is in; of one that is not here, its own first name."""
    parts = name.split(".")
    known = (modules().get(".".join(parts[:end])) for end in range(len(parts), 0, -1))
    return next((owner for owner in known if owner), canonicalize_name(parts[0]))


def test_each_import_is_of_the_lock_or_of_an_extra():
    lazily = with_dependencies(name for names in extras().values() for name in names) | set().union(*extras().values())
    assert [where for where, owner in third_parties() if owner not in locked() | lazily] == []


def test_each_extra_that_is_imported_is_one_whose_absence_is_told():
    found = {owner for _, owner in third_parties()}
    assert {extra for extra, names in extras().items() if names & found} <= set(WANTED)


def test_the_fresh_environment_holds_no_more_than_the_lock(fresh):
    assert json.loads(asked(fresh, IMPORT_ALL, "pytest", "s3fs", "prefect")) == {
        "pytest": "ModuleNotFoundError: No module named 'pytest'",
        "s3fs": "ModuleNotFoundError: No module named 's3fs'",
    }


def test_every_module_can_be_imported_from_the_lock_alone(fresh):
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES if "migrations" not in path.parts]
    assert json.loads(asked(fresh, IMPORT_ALL, *(name.removesuffix(".__init__") for name in names))) == {
        name: f"ModuleNotFoundError: No module named '{library}'" for name, library in OF_AN_EXTRA.items()
    }


def test_an_extra_that_is_missing_is_named_where_it_is_wanted(fresh):
    said = json.loads(asked(fresh, ASK_ALL, json.dumps(WANTED)))
    assert said.keys() == WANTED.keys()
    for extra, message in said.items():
        assert re.search(rf"mailroom\[{extra}\]|extra `{extra}`", message), message


def test_sample_mails_are_processed_from_the_lock_alone(fresh, tmp_path):
    home = tmp_path / ".mailroom"
    env = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    command = [fresh, "-c", MAILROOM, "run", str(ROOT / "deployments" / "demo" / "sample_mailbox")]
    try:
        with running_simulator(tmp_path, python=fresh) as simulator:
            env |= simulator.environment
            done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    finally:
        processes.end(home, "server")
    # One of the samples is empty, and fails.
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"(\d+) mails: \d+ completed, 1 failed", done.stdout), done.stdout


def test_a_mail_is_received_from_the_lock_alone(fresh, tmp_path):
    with running_receiver(fresh, tmp_path) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("POST", "/webhooks/mail", b"Subject: a\n\nText.\n", {"content-type": "message/rfc822"})
        assert connection.getresponse().status == 202
    assert len(list((tmp_path / ".mailroom" / "inbox").iterdir())) == 1


@contextmanager
def running_receiver(python: Path, folder: Path) -> Iterator[int]:
    """Its port; the Prefect server that it would tell of mail is away."""
    port = processes.free_port(0)
    env = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    command = [python, "-c", MAILROOM, "receiver", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        while True:
            assert process.poll() is None, (folder / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)
