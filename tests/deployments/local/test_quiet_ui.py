"""Prefect's newer UI is served with a policy that keeps it from contacting other hosts."""

from __future__ import annotations

from deployments.local.quiet_ui import POLICY, keep_quiet, packed_pages


def test_the_policy_is_written_once_and_before_anything_is_loaded(tmp_path):
    index = tmp_path / "index.html"
    index.write_text((packed_pages() / "index.html").read_text().replace(POLICY, ""))
    keep_quiet(tmp_path)
    keep_quiet(tmp_path)

    text = index.read_text()
    assert text.count(POLICY) == 1
    assert text.index(POLICY) < text.index("<link") < text.index("<script")


def test_where_there_is_no_such_ui_nothing_is_written(tmp_path):
    keep_quiet(tmp_path / "missing")

    assert not (tmp_path / "missing").exists()
