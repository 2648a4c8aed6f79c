"""Rows of tables as mails."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.mailbox.compose import compose_mail
from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source

ROWS: list[dict[str, Any]] = [
    {"id": "email_001", "content": "Hi,\n\nThursday or Friday?\nFrom now on, 日本語.",
     "sender": "Jo Ünal <jo@example.com>", "subject": "Our app, \"dark\"", "target_language": "Japanese"},
    {"id": "email_002", "content": "", "sender": "", "subject": "", "target_language": None},
]  # fmt: skip


def write_csv(path: Path, rows: list[dict[str, Any]], **options: Any) -> Path:
    with path.open("w", newline="", encoding=options.pop("encoding", "utf-8")) as file:
        writer = csv.DictWriter(file, list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(path: Path) -> list[RawMail]:
    return list(open_source(str(path)).read())


def opened(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize(
    ("write", "name"), [(write_csv, "t.csv"), (write_jsonl, "t.jsonl"), (write_parquet, "t.parquet")]
)
def test_each_kind_of_table_gives_the_same_mails(tmp_path, write, name):
    first, second = read(write(tmp_path / name, ROWS))

    assert (first.source_id, first.target_language) == ("email_001", "Japanese")
    mail = opened(first.raw)
    assert mail["Subject"] == ROWS[0]["subject"]
    assert mail["From"] == ROWS[0]["sender"]
    assert mail["X-Mailroom-Id"] == "email_001"
    assert mail["X-Mailroom-Target-Language"] == "Japanese"
    assert mail.get_content() == ROWS[0]["content"]
    assert (second.source_id, second.target_language, second.problem) == ("email_002", None, "")
    assert opened(second.raw).get_content() == ""


@pytest.mark.parametrize(
    "options", [{"delimiter": ";"}, {"delimiter": "\t"}, {"encoding": "utf-16"}, {"encoding": "utf-8-sig"}]
)
def test_csv_as_spreadsheets_write_it(tmp_path, options):
    rows = read(write_csv(tmp_path / "t.csv", ROWS, **options))
    assert opened(rows[0].raw).get_content() == ROWS[0]["content"]


def test_csv_in_windows_own_charset_keeps_its_letters(tmp_path):
    (tmp_path / "t.csv").write_bytes("ID, Content ,sender,Subject\n1,déjà vu,a@example.com,Grüße\n".encode("cp1252"))
    (row,) = read(tmp_path / "t.csv")
    assert opened(row.raw).get_content() == "déjà vu"
    assert "Subject: Grüße".encode() in row.raw


def test_a_page_as_content_is_html_and_other_text_with_tags_is_not(tmp_path):
    contents = ["<!DOCTYPE html><p>Hi</p>", "\n<html lang=en><p>Hi</p>", "<b>not</b> a page", "a < b"]
    rows = [{"id": i, "content": text, "sender": "a@example.com", "subject": "s"} for i, text in enumerate(contents)]
    types = [opened(row.raw).get_content_type() for row in read(write_jsonl(tmp_path / "t.jsonl", rows))]
    assert types == ["text/html", "text/html", "text/plain", "text/plain"]


def test_rows_that_cannot_be_mails_say_so_and_the_others_are_read(tmp_path):
    good = json.dumps(ROWS[0])
    (tmp_path / "t.jsonl").write_text(f'{good}\n\nnot json\n{{"id": "x", "subject": "s"}}\n[]\n{good}\n')
    rows = read(tmp_path / "t.jsonl")
    assert [row.problem for row in rows] == [
        "",
        "`t.jsonl`: line 3 is no JSON object",
        "`t.jsonl`: row 4 has no `content`",
        "`t.jsonl`: line 5 is no JSON object",
        "",
    ]
    assert rows[2].source_id == "x"
    assert rows[1].source_id == "t.jsonl#3"


def test_a_csv_row_that_ends_early_or_never_is_told(tmp_path):
    (tmp_path / "t.csv").write_text(
        'id,sender,subject,content\n1,a@example.com\n2,b@example.com,s,ok,extra\n3,c,"open,x\n4,d,s,y\n'
    )
    rows = read(tmp_path / "t.csv")
    assert [(row.source_id, bool(row.problem)) for row in rows] == [("1", True), ("2", False), ("3", True)]


def test_ids_that_are_numbers_or_missing_are_still_ids(tmp_path):
    rows = [{**ROWS[0], "id": 17}, {**ROWS[0], "id": None}, {**ROWS[0], "id": " "}]
    assert [row.source_id for row in read(write_jsonl(tmp_path / "t.jsonl", rows))] == ["17", "t.jsonl#2", "t.jsonl#3"]


def test_a_row_with_bytes_as_content_is_read_too(tmp_path):
    (row,) = read(write_parquet(tmp_path / "t.parquet", [{**ROWS[0], "content": "日本語".encode()}]))
    assert opened(row.raw).get_content() == "日本語"


def test_a_damaged_parquet_gives_what_it_can_and_says_where_it_ends(tmp_path):
    rows = [{**ROWS[0], "id": str(i), "content": f"{i} " * 500} for i in range(200)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet", row_group_size=50, compression="zstd")
    content = bytearray((tmp_path / "t.parquet").read_bytes())
    middle = pq.ParquetFile(tmp_path / "t.parquet").metadata.row_group(2).column(1).data_page_offset
    content[middle : middle + 200] = b"\xff" * 200
    (tmp_path / "t.parquet").write_bytes(content)

    found = read(tmp_path / "t.parquet")

    assert 0 < len(found) <= 101
    assert "the file is damaged" in found[-1].problem
    assert not any(row.problem for row in found[:-1])


cells = st.text(max_size=200)


@given(cells, cells, cells, cells)
def test_no_cell_can_add_a_header_or_a_part(content, sender, subject, source_id):
    raw = compose_mail(content=content, sender=sender, subject=subject, source_id=source_id, target_language=None)
    head, _, body = raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")]
    assert set(names) <= {
        b"From",
        b"Subject",
        b"X-Mailroom-Id",
        b"MIME-Version",
        b"Content-Type",
        b"Content-Transfer-Encoding",
    }
    assert len(names) == len(set(names))
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert body == content.encode("utf-8", "replace")


def test_lone_surrogates_of_json_do_no_harm(tmp_path):
    (tmp_path / "t.jsonl").write_text(
        '{"id": "\\ud800", "content": "a\\udfffb", "sender": "\\ud800", "subject": "s"}\n'
    )
    (row,) = read(tmp_path / "t.jsonl")
    assert opened(row.raw).get_content() == "a?b"


def test_a_big_table_is_read_in_flat_memory(tmp_path):
    text = "A line of ordinary length, as people write them.\n" * 200
    with (tmp_path / "t.jsonl").open("w") as file:
        for number in range(3_000):
            file.write(json.dumps({**ROWS[0], "id": number, "content": text}) + "\n")
    tracemalloc.start()
    count = sum(1 for _ in open_source(str(tmp_path / "t.jsonl")).read())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3_000
    assert peak < 2_000_000, "thirty megabytes went through"


@given(st.binary(max_size=500))
def test_any_bytes_called_a_table_are_refused_or_read(junk):
    from tasks.errors import SourceError
    from tasks.mailbox import tables
    from tasks.mailbox.blobs import Blob

    for suffix in (".csv", ".jsonl", ".parquet"):
        head = b"" if suffix == ".parquet" else b"id,content,sender,subject\n" if suffix == ".csv" else b""
        content = head + junk
        blob = Blob(name=f"t{suffix}", where="t", size_bytes=len(content), open=lambda c=content: io.BytesIO(c))
        try:
            tables.check(blob)
        except SourceError:
            continue
        assert list(tables.read(blob, "here"))
