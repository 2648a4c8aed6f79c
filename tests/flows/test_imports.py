"""The main job imports only what every run needs, as each run may be a process of its own."""

import subprocess
import sys

SELDOM = {"alembic", "anthropic", "chardet", "google.generativeai", "icalendar", "langcodes", "matplotlib", "openai"}


def test_what_few_runs_need_is_not_imported_by_all():
    code = "import sys, flows.process_mail; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert SELDOM.isdisjoint(run.stdout.split())
