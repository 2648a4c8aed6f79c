"""The reference pages list all settings and errors in the code, and no code reads an unlisted setting."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from deployments.cli.settings import settings as settings_command
from deployments.reference.pages import decisions_page, errors_page, settings_page
from deployments.reference.variables import all_variables
from tasks.errors import ERROR_CODES, Misconfigured

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(path for top in ("flows", "tasks", "deployments") for path in (ROOT / top).rglob("*.py"))
VARIABLE = re.compile(r"\b(?:MAILROOM|OPENAI|ANTHROPIC|CLAUDE|GEMINI|GOOGLE|LOCAL)_[A-Z0-9]+(?:_[A-Z0-9]+)*\b(?!_)")
# Prefect's address, and the environment that the processes we start are given.
HANDS_ON = {
    "flows/run/process_child.py",
    "deployments/cli/doctor.py", "deployments/cli/feeder.py", "deployments/cli/home.py", "deployments/cli/worker.py",
    "deployments/demo/steps.py", "deployments/local/prefect_env.py", "deployments/local/processes.py",
    "deployments/local/simulator.py", "deployments/reference/variables.py", "deployments/worker/warm.py",
}  # fmt: skip
# Conventions of others: the width of a terminal, Google's credentials, the threads of a library.
OF_OTHERS = {"deployments/cli/console.py", "deployments/worker/preload.py", "tasks/mailbox/stores.py"}


@pytest.mark.parametrize(("name", "page"), [("settings.md", settings_page), ("errors.md", errors_page)])
def test_the_page_is_as_the_code_has_it(name, page):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(), "run `make reference`"


def test_every_decision_is_in_the_index_with_a_heading_of_one_form():
    folder = ROOT / "docs" / "decisions"

    assert (folder / "README.md").read_text(encoding="utf-8") == decisions_page(folder), "run `make reference`"
    for path in folder.glob("[0-9]*.md"):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. "), path.name


def test_every_setting_says_what_it_is_and_none_is_there_twice():
    variables = all_variables()

    assert [variable.names[0] for variable in variables if not variable.meaning] == []
    names = [name for variable in variables for name in variable.names]
    assert len(names) == len(set(names))


def test_every_error_code_is_explained():
    assert [code for code in ERROR_CODES if f"| `{code}` |" not in errors_page()] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_variable_that_a_text_of_ours_names_is_on_the_page(path):
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    named = {name for text in texts if isinstance(text, str) for name in VARIABLE.findall(text)}

    assert {name for name in named if f"`{name}`" not in settings_page()} == set()


def test_only_the_settings_read_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    }

    assert {name for name in readers if not name.startswith("tasks/settings/")} == HANDS_ON | OF_OTHERS


@pytest.mark.parametrize(
    "name",
    [
        "MAILROOM_CHUNK_ROWS", "MAILROOM_MODE", "MAILROOM_BUDGET_USD", "MAILROOM_ENDPOINTS", "MAILROOM_OUTPUT_MODE",
        "MAILROOM_WATCH_SETTLE_S", "MAILROOM_INBOX_GATHER_S", "MAILROOM_METRICS_PORT", "MAILROOM_LOG_FORMAT",
        "MAILROOM_RECEIVER_PORT",
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named_and_not_shown(name, monkeypatch):
    monkeypatch.setenv(name, "odd-and-secret")
    section = next(variable.settings for variable in all_variables() if variable.names[0] == name)

    with pytest.raises(Misconfigured) as caught:
        section.read()

    assert name in str(caught.value) or name.removeprefix("MAILROOM_").lower() in str(caught.value)
    assert "odd-and-secret" not in str(caught.value)


def test_the_command_tells_values_and_where_they_are_from_and_masks_secrets(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COLUMNS", "250")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "mailroom_receiver_upload_token").write_text("hidden-token")
    (tmp_path / ".env").write_text("MAILROOM_PROVIDER=anthropic\nMAILROOM_CHUNK_ROWS=7\n")
    for name, value in {
        "MAILROOM_SECRETS_DIR": str(tmp_path / "secrets"),
        "MAILROOM_CHUNK_ROWS": "9",
        "MAILROOM_LEDGER_URL": "postgresql+psycopg://mailroom:hidden-password@db/mailroom",
        "MAILROOM_ENDPOINTS": '{"crm": {"url": "https://crm.example", "secret": "hidden-secret"}}',
        "CLAUDE_API_KEY": "hidden-key",
    }.items():
        monkeypatch.setenv(name, value)

    assert settings_command(changed=True) == 0

    said = capsys.readouterr().out
    rows = {
        cells[1]: cells[2:]
        for line in said.splitlines()
        if len(cells := [c.strip() for c in re.split("[│┃]", line)[1:-1]]) == 4
    }
    assert rows["MAILROOM_CHUNK_ROWS"] == ["9", "environment"]
    assert rows["MAILROOM_PROVIDER"] == ["anthropic", ".env"]
    assert rows["MAILROOM_RECEIVER_UPLOAD_TOKEN"] == ["**********", "secret file"]
    assert rows["ANTHROPIC_API_KEY"] == ["**********", "environment (CLAUDE_API_KEY)"]
    assert "https://crm.example" in rows["MAILROOM_ENDPOINTS"][0]
    assert "MAILROOM_WATCH_SETTLE_S" not in rows
    assert "hidden" not in said.replace(str(tmp_path), "")


def test_prices_written_into_the_env_file_count(tmp_path):
    from tasks.providers.catalogue.prices import price
    from tasks.questions import Usage

    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    assert price("openai", "a-model-of-ours", usage) is None
    (tmp_path / ".env").write_text('MAILROOM_PRICES={"openai:a-model-of-ours": [2.0, 3.0]}\n')

    assert price("openai", "a-model-of-ours", usage) == 2
