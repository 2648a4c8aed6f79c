"""Documents are opened in a process that can be lost: the mail, the next document and our memory survive it."""

import io
import threading
import zipfile
from dataclasses import asdict
from pathlib import Path

import pytest

from tasks.parsing.documents import pool
from tasks.parsing.documents.found import Bounds, DocumentLost, NotOpened
from tasks.parsing.documents.pool import Lost, Pool, ReaderProcess
from tasks.parsing.limits import Limits
from tasks.parsing.read_mail import read_mail
from tests.tasks.parsing.mails import attached, docx, multipart, pdf, with_file, xlsx

BOUNDS = Bounds(chars=1_000, pages=10, unpacked_bytes=50_000_000, entries=100, seconds=5.0)
# Two million Unicode escapes: more than a second of work for its reader.
SLOW = b"{\\rtf1 " + b"\\u26085?" * 2_000_000 + b"}"


@pytest.fixture
def own_pool():
    one = Pool()
    yield one
    one.close()


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_read(own_pool):
    with pytest.raises(DocumentLost, match=r"more than 0\.2 s"):
        own_pool.open("rich_text", SLOW, Bounds(**{**asdict(BOUNDS), "seconds": 0.2}))

    assert own_pool.open("pdf", pdf("Still here"), BOUNDS)[0].text == "Still here"


def test_a_mail_with_such_a_document_is_a_row_that_says_so():
    slow = attached("slow.rtf", "text/rtf", SLOW)
    got = read_mail(multipart("mixed", slow, attached("a.pdf", "application/pdf", pdf("x"))), Limits(document_s=0.2))

    assert [one.fate for one in got.attachments] == ["skipped", "skipped"]
    assert "more than 0.2 s" in got.attachments[0].reason
    assert got.attachments[1].reason == "the documents of this mail take more than 0.2 s"


def test_a_process_that_died_between_documents_is_replaced(own_pool):
    own_pool.open("pdf", pdf("One"), BOUNDS)
    own_pool.idle[0].process.kill()
    own_pool.idle[0].process.wait()

    assert own_pool.open("pdf", pdf("Two"), BOUNDS)[0].text == "Two"


def test_a_document_that_takes_too_much_memory_costs_its_process_and_nothing_else():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, zipfile.ZipFile(io.BytesIO(docx("x"))) as sound:
        for entry in sound.infolist():
            data = sound.read(entry)
            if entry.filename == "word/document.xml":
                data = data.replace(b"<w:body>", b"<w:body>" + b"<w:p/>" * 2_000_000)
            archive.writestr(entry.filename, data)
    reader = ReaderProcess(memory_bytes=300_000_000)
    try:
        header, _ = reader.ask({"reader": "word", "bounds": asdict(BOUNDS)}, stream.getvalue(), 60)
        assert "memory" in header["reason"] or "failed" in header["reason"]
    except Lost:
        assert reader.process.wait() != 0
    finally:
        reader.close()


def test_one_process_serves_many_documents_and_threads_get_their_own_answers(own_pool):
    wrong: list[str] = []

    def ask(number: int) -> None:
        for turn in range(5):
            text = f"{number} {turn}"
            if own_pool.open("pdf", pdf(text), BOUNDS)[0].text != text:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(own_pool.idle) <= pool.PROCESSES


def test_the_process_knows_no_secret(own_pool, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    own_pool.open("pdf", pdf("x"), BOUNDS)
    environment = Path(f"/proc/{own_pool.idle[0].process.pid}/environ")
    if not environment.exists():
        pytest.skip("this system does not show a process's environment")

    assert b"sk-secret" not in environment.read_bytes()


def test_a_failing_reader_names_no_words_of_the_document(own_pool):
    with pytest.raises(NotOpened) as caught:
        own_pool.open("word", docx("secret words").replace(b"PK\x01\x02", b"PK\x01\x03"), BOUNDS)

    assert "secret" not in str(caught.value)


def test_a_sheet_with_one_far_cell_is_read():
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"] = "near"
    book.active["A200000"] = "far"
    stream = io.BytesIO()
    book.save(stream)
    (one,) = read_mail(with_file("a.xlsx", "application/zip", stream.getvalue())).attachments

    assert (one.text or "").split("\n")[1:] == ["near", "far"]


def test_an_external_entity_of_a_workbook_is_not_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("launch code")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, zipfile.ZipFile(io.BytesIO(xlsx([["x"]]))) as sound:
        for entry in sound.infolist():
            data = sound.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                doctype = f'<!DOCTYPE worksheet [<!ENTITY s SYSTEM "file://{secret}">]>'.encode()
                data = doctype + data.replace(b"<v>0</v>", b"<v>&s;</v>").replace(b't="s"', b't="str"')
            archive.writestr(entry.filename, data)
    (one,) = read_mail(with_file("a.xlsx", "application/zip", stream.getvalue())).attachments

    assert "launch" not in (one.text or "") + one.reason


def test_a_document_longer_than_the_room_is_cut(own_pool):
    found, _ = own_pool.open("sheets", xlsx([["word " * 10]] * 100), BOUNDS)

    assert len(found.text) <= BOUNDS.chars
    assert found.notes == ["text cut"]
