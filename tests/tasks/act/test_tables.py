import csv

import pandas as pd
import pytest
import sqlalchemy as sa

from tasks.act.tables import add_row, has_row
from tasks.errors import Misconfigured

ROW = {"effect_id": "e1", "subject": "=cmd()", "confidence": None, "urgent": True}


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=["log.csv", "lake.parquet", "sqlite:///db.sqlite#mails"])
def address(request):
    return request.param


def test_a_row_is_added_once(address):
    assert not has_row(address, "e1")
    assert [add_row(address, ROW), add_row(address, ROW), add_row(address, {**ROW, "effect_id": "e2"})] == [
        True,
        False,
        True,
    ]
    assert has_row(address, "e1")
    assert not has_row(address, "e3")


def test_parquet_files_fit_together_whatever_is_null():
    add_row("lake.parquet", ROW)
    add_row("lake.parquet", {**ROW, "effect_id": "e2", "confidence": 0.5})

    assert pd.read_parquet("lake.parquet").sort_values("effect_id")["effect_id"].tolist() == ["e1", "e2"]


def test_a_spreadsheet_runs_nothing_from_a_csv():
    add_row("log.csv", ROW)

    assert rows_of("log.csv")[0]["subject"] == "'=cmd()"


def test_half_a_line_of_a_writer_that_died_is_taken_away(tmp_path):
    add_row("log.csv", ROW)
    whole = (tmp_path / "log.csv").read_bytes()
    (tmp_path / "log.csv").write_bytes(whole + b"e2,half a li")

    assert not has_row("log.csv", "e2")
    assert add_row("log.csv", {**ROW, "effect_id": "e2", "subject": "two\nlines"})
    assert [row["effect_id"] for row in rows_of("log.csv")] == ["e1", "e2"]


def test_a_database_gets_text_as_it_is():
    add_row("sqlite:///db.sqlite#mails", ROW)

    with sa.create_engine("sqlite:///db.sqlite").connect() as connection:
        assert connection.execute(sa.text("select subject from mails")).scalar() == "=cmd()"


def test_an_address_that_is_no_table_is_named():
    with pytest.raises(Misconfigured, match="MAILROOM_TABLES"):
        add_row("mails.txt", ROW)
