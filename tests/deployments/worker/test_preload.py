"""What the fork server has made before a run begins, seen in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
CLIENTS = """
import ssl, threading
import deployments.worker.preload
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
made = []
begun = ssl.SSLContext.__new__
ssl.SSLContext.__new__ = lambda kind, *given, **named: made.append(kind) or begun(kind, *given, **named)
PrefectClient("http://127.0.0.1"), SyncPrefectClient("http://127.0.0.1")
of_prefect = len(made)
ssl.create_default_context(), ssl.create_default_context()
print(json.dumps({"threads": threading.active_count(), "of_prefect": of_prefect, "of_others": len(made) - of_prefect}))
"""
RUN = """
import deployments.worker.preload
before = set(sys.modules)
from flows.process_mail import process_mail
process_mail(source="deployments/demo/sample_mailbox", output_dir="{folder}/out")
late = {name: getattr(sys.modules[name], "__file__", None) for name in sys.modules.keys() - before}
print(json.dumps(sorted(name for name, file in late.items() if file)))
"""


def told(code: str, environment: Mapping[str, str]) -> Any:
    """What a process that carries this code out prints as its last line."""
    command = [sys.executable, "-c", f"import json, sys\n{code}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_no_thread_is_begun_and_only_clients_of_prefect_share_their_tls_context():
    assert told(CLIENTS, os.environ) == {"threads": 1, "of_prefect": 0, "of_others": 2}


@pytest.mark.soak
def test_a_run_has_nothing_left_to_import_but_what_its_mails_ask_for(prefect_server, provider_env, tmp_path):
    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "MAILROOM_DATA_DIR": str(tmp_path)}
    late = told(RUN.replace("{folder}", str(tmp_path)), environment)
    # Which of these a run needs is its mails' affair.
    assert [name for name in late if not name.startswith(("encodings.", "phonenumbers.data."))] == []
