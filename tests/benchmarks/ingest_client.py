"""One way of reading an mbox, in a process of its own: prints mails, seconds, CPU seconds and peak memory as JSON.

`python -m tests.benchmarks.ingest_client WAY FILE FOLDER`, WAY one of ingest, parse, library, plain.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tasks.mailbox.sources import open_source


def raws(file: str) -> Iterator[bytes]:
    return (one.raw for one in open_source(file).read())


def parse(file: str, folder: str) -> Iterator[int]:
    """Our reading alone."""
    from tasks.parsing.read_mail import read_mail

    for raw in raws(file):
        yield len(read_mail(raw).text)


def ingest(file: str, folder: str) -> Iterator[int]:
    """All of ingest: reading, the row for the model, the record in the ledger, the claim, the checked frame."""
    from tasks.ingest.windows import MessageReader
    from tasks.ledger.engine import open_ledger
    from tasks.ledger.owners import owner_name
    from tasks.settings import Settings

    engine = open_ledger(f"sqlite:///{folder}/ledger.db")
    reader = MessageReader(open_source(file), engine, owner=owner_name("bench"), settings=Settings())
    while True:
        window = reader.next_window()
        yield from map(len, window.messages["text"])
        if window.last:
            break
    reader.close()


def library(file: str, folder: str) -> Iterator[int]:
    """The library `mail-parser`."""
    import mailparser

    for raw in raws(file):
        mail = mailparser.parse_from_bytes(raw)
        yield len(mail.body) + len(mail.attachments) + len(mail.subject or "")


def plain(file: str, folder: str) -> Iterator[int]:
    """The standard library, as tutorials use it; no attachment is looked at."""
    from email import message_from_bytes
    from email.policy import default

    for raw in raws(file):
        message = message_from_bytes(raw, policy=default)
        body = message.get_body(("plain", "html"))
        yield len(body.get_content() if body else "") + len(str(message["subject"])) + len(str(message["from"]))


def cpu_s() -> float:
    """CPU of this process and of those it started and that ended."""
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


def main() -> None:
    way, file, folder = sys.argv[1:]
    reading = {"parse": parse, "ingest": ingest, "library": library, "plain": plain}[way]
    warm = Path(folder) / "warm-up.mbox"
    sum(reading(str(warm), folder))
    began, cpu = time.perf_counter(), cpu_s()
    mails = sum(1 for _ in reading(file, folder))
    taken = time.perf_counter() - began
    if way in ("parse", "ingest"):
        from tasks.parsing.documents.pool import end_readers

        end_readers()  # so that their CPU is counted
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"mails": mails, "seconds": taken, "cpu_s": cpu_s() - cpu, "peak_kb": peak_kb}))


if __name__ == "__main__":
    main()
