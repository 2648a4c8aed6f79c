"""`make bench-threads`: are mails where their In-Reply-To says, and what does it cost to put them there?

50,000 made mails, the first and the last thousand compared; with MAILROOM_CORPUS, the public mails, too.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from time import process_time

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, select

from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import thread_mails
from tasks.ledger.thread_facts import thread_facts
from tasks.ledger.threads import ThreadedMail, record_threads
from tasks.parsing.conversation import conversation_of
from tasks.parsing.mail import Mail
from tasks.parsing.read_mail import read_mail
from tests.benchmarks.corpus import corpus_mails
from tests.benchmarks.made_threads import made_threads, thread_errors

_WINDOW = 500


def main() -> int:
    """Run the benchmark and print a table and, last, one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=50_000, help="made mails")
    many = parser.parse_args().mails
    with tempfile.TemporaryDirectory() as home:
        figures = _made(open_ledger(f"sqlite:///{home}/made.db"), many)
        if corpus := os.environ.get("MAILROOM_CORPUS"):
            figures |= public_figures(open_ledger(f"sqlite:///{home}/public.db"), Path(corpus))
    figures["thread_errors"] = figures["made_errors"] + figures.get("public_errors", 0)
    table = Table("figure", "measured", title="Mails put into their conversations")
    for name, value in figures.items():
        table.add_row(name, f"{value:,}")
    Console(width=100).print(table)
    print(json.dumps(figures))
    return 1 if figures["thread_errors"] else 0


def _made(ledger: Engine, many: int) -> dict[str, float]:
    mails = made_threads(many, seed=1)
    # Mails are met about in their order: a mailbox is read upwards, several of them beside each other.
    nearly = sorted(enumerate(mails), key=lambda one, chance=random.Random(1): one[0] + chance.uniform(0, 200))  # type: ignore[misc]
    costs = [_cost(ledger, [one.threaded for _, one in nearly[n : n + _WINDOW]]) for n in range(0, many, _WINDOW)]
    few = max(1, len(costs) // 10)
    return {
        "mails": many,
        "us_per_mail_first": round(1e6 * sum(costs[:few]) / few / _WINDOW, 1),
        "us_per_mail_last": round(1e6 * sum(costs[-few:]) / few / _WINDOW, 1),
        "made_errors": thread_errors(ledger, mails),
    }


def _cost(ledger: Engine, window: list[ThreadedMail]) -> float:
    began = process_time()
    record_threads(ledger, window)
    thread_facts(ledger, [one.mail for one in window])
    return process_time() - began


def public_figures(ledger: Engine, corpus: Path) -> dict[str, float]:
    """How many of the corpus's mails there are, how many answer another of them, and how many lie apart from it."""
    read = {mail.message_key: mail for path in corpus_mails(corpus) if (mail := read_mail(path.read_bytes()))}
    record_threads(ledger, [
        ThreadedMail(mail=key, marks=conversation_of(mail, frozenset()), written_at=_written(mail))
        for key, mail in read.items()
    ])  # fmt: skip
    with ledger.connect() as connection:
        thread_of = {row.mail: row.thread for row in connection.execute(select(thread_mails))}
    by_id = {mail.message_id: key for key, mail in read.items() if mail.message_id}
    answers = [(by_id[mail.in_reply_to], key) for key, mail in read.items() if mail.in_reply_to in by_id]
    wrong = sum(thread_of[one] != thread_of[other] for one, other in answers)
    return {"public_mails": len(read), "public_answers": len(answers), "public_errors": wrong}


def _written(mail: Mail) -> float | None:
    return mail.date.timestamp() if mail.date else None


if __name__ == "__main__":
    sys.exit(main())
