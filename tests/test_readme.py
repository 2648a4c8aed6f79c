"""The README's tables, map and text name files and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deployments.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("## Where do I change")[2].partition("## The map of the house")[0]
MAP = TEXT.partition("## The map of the house")[2]
PATHS = sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_.]*|[a-z_]+\.(?:yaml|toml|md))`", TABLE)))
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deployments/README.md")), *ROOT.glob("docs/*.md")]
LINKS = sorted(
    {
        (str(page.relative_to(ROOT)), target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in target
    }
)


@pytest.mark.parametrize("path", PATHS)
def test_every_path_that_tells_where_to_change_something_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_every_link_leads_somewhere(page, target):
    path, _, section = target.partition("#")
    there = (ROOT / page).parent / path if path else ROOT / page
    assert there.exists()
    if section:
        headings = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
        assert section in {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_map_names_every_folder_and_no_other():
    named = {
        name for line in MAP.splitlines() if line.startswith("    ") for name in re.findall(r"\b([a-z0-9_]+)/", line)
    }
    there = {
        path.name
        for top in ("flows", "tasks", "deployments")
        for path in [ROOT / top, *(ROOT / top).iterdir()]
        if path.is_dir() and path.name != "__pycache__" and any(path.iterdir())
    }

    assert there - named == set()
    assert {name for name in named if not any(ROOT.glob(f"{name}/")) and not any(ROOT.glob(f"*/{name}/"))} == set()


def test_every_command_of_the_table_is_one():
    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `mailroom")]
    named = {word for row in rows for word in re.findall(r"`(?:mailroom )?([a-z]+)", row)}

    assert named - {"try", "schema"} <= set(app._commands) | {"rules"}
