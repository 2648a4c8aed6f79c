"""What a run is called in Prefect's lists: its source, or what it does, and when it was to begin."""

from __future__ import annotations

import re
from pathlib import PurePath
from urllib.parse import urlsplit

from prefect.runtime import flow_run

from tasks.errors import Misconfigured
from tasks.settings import read_settings

_GENERATED = re.compile(r"[A-Za-z]+\d*-[A-Za-z]+\d*(-[A-Za-z]+\d*)?")
"""The names that Prefect and its forms make up, such as `happy-otter`, `Ergonomic-Vizsla` or `psi6-aquilae-adjunct`."""
_MOST = 48


def run_name() -> str:
    """The name of the flow run that calls, as `support 2026-11-28 14:05:00` (UTC); one that a person gave is kept."""
    given = flow_run.name or ""
    if given and not _GENERATED.fullmatch(given):
        return given
    when = flow_run.scheduled_start_time
    return f"{_subject()} {when:%Y-%m-%d %H:%M:%S}"


def folder_name(name: str, run_id: str) -> str:
    """The run's name as a folder's, which no other run has."""
    return "-".join([*re.findall(r"[\w.]+", name), run_id[:8]])


def _subject() -> str:
    parameters = flow_run.parameters
    source = parameters.get("source_name") or parameters.get("source")
    if not source and "source" in parameters:
        try:
            source = read_settings().source
        except Misconfigured:  # which the run will say
            source = None
    return short_source(source) if source else str(flow_run.flow_name)


def short_source(source: str) -> str:
    """A source in a few words: the file's or folder's name, or the address without what may be a secret."""
    if source == "-":
        return "stdin"
    if "://" in source:
        address = urlsplit(source)
        source = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
        return source if len(source) <= _MOST else f"{source[: _MOST - 1]}…"
    name = PurePath(source).name or source
    return name.removesuffix(":")[:_MOST]
