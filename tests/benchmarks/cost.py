"""Tokens and US dollars per mail for seven ways of asking about the same mails, through the real SDK on the simulator.

Run by `make bench-cost`; with MAILROOM_CORPUS, over the labelled office mail of that folder, too. The naive way is what
tutorials show: four calls a mail (sort; summarise and translate; action items; replies), each with its instructions and
the whole mail, all to one model that is good enough for the hardest of them. It translates every summary, as tutorials
do; our ways translate what is in another language than the operator's, and one of them every mail, too. Every way's
figures are the ledger's, and are held against what the simulator counted. The last line is JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, insert

from tasks.decide.rules import analyses_for, load_rules
from tasks.frames import COMPLEXITIES, Messages
from tasks.ingest.rows import parse
from tasks.ledger.cost_book import CostLine, cost_book, total
from tasks.ledger.costs import record_group
from tasks.ledger.engine import open_ledger
from tasks.ledger.schema import messages as messages_table
from tasks.mailbox.raw import RawMail
from tasks.mailbox.sources import open_source
from tasks.parsing.read_mail import read_mail
from tasks.providers.catalogue.models import default_model
from tasks.providers.catalogue.prices import price
from tasks.providers.event_loop import on_model_loop
from tasks.questions import Link, Question, Usage
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import asker_for, gateway_for, models_for
from tasks.understand.economy import batch_round
from tasks.understand.models_by_price import complexity_by_length
from tasks.understand.prompts import mail_block
from tasks.understand.understand import understand
from tests.benchmarks.cost_naive import NAIVE, WHOLE
from tests.benchmarks.cost_parts import Scales, parts_table
from tests.benchmarks.labelled_mails import office_mails
from tests.conftest import RunningSimulator, running_simulator

ROOT = Path(__file__).resolve().parents[2]
PROVIDER = "openai"
IN_FLIGHT = 50


@dataclass(frozen=True)
class Mailbox:
    """Mails as Mailroom reads them, and the same as they came: `rows` and `uncut` belong together."""

    name: str
    rows: list[dict[str, Any]]
    uncut: list[dict[str, Any]]


Way = Callable[[Mailbox, Run, Scales], None]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_simulator(Path(folder)) as simulator:
        os.environ.update(simulator.environment, NO_PROXY="127.0.0.1,localhost")
        boxes = [mailbox("sample mailbox", list(open_source(str(ROOT / "deployments/demo/sample_mailbox")).read()))]
        corpus = os.environ.get("MAILROOM_CORPUS")
        if corpus:
            boxes.append(mailbox("gaia", [raw for raw, _known in office_mails(Path(corpus))]))
        console = Console(width=110)
        figures: dict[str, float] = {}
        for box in boxes:
            scales = {name: Scales() for name in WAYS}
            books = {name: measured(way, box, simulator, Path(folder), scales[name]) for name, way in WAYS.items()}
            console.print(_table(box, books))
            console.print(parts_table(box.name, {name: scales[name] for name in (NAIVE_WAY, OURS)}, len(box.rows)))
            figures |= _figures(box, books)
        console.print(_prices())
    # The larger mailbox speaks for the ways; the sample one is a demonstration.
    last = boxes[-1].name.replace(" ", "_")
    for name in ("two_step_tokens_ratio", "economy_dollars_ratio"):
        figures[name] = figures[f"{last}_{name}"]
    print(json.dumps({name: round(value, 6) for name, value in figures.items()}))


def mailbox(name: str, raws: Sequence[RawMail]) -> Mailbox:
    """The mails that can be read."""
    settings, rows, uncut = Settings(), [], []
    for raw in raws:
        row = parse(raw, settings).row
        if raw.foreign or row["unreadable"]:
            continue
        mail = read_mail(raw.raw)
        rows.append(row)
        parts = [row["text"], mail.signature, mail.quoted]
        uncut.append({**row, "text": "\n\n".join(part for part in parts if part)})
    return Mailbox(name, rows, uncut)


def measured(way: Way, box: Mailbox, simulator: RunningSimulator, folder: Path, scales: Scales) -> CostLine:
    """What the way did cost, by a ledger of its own, which the simulator has to agree with."""
    simulator.reset()
    url = f"sqlite:///{folder}/{box.name}-{way.__name__}.db"
    run = Run(
        id=f"{box.name}-{way.__name__}", settings=Settings(ledger_url=url, provider=PROVIDER, concurrency=IN_FLIGHT)
    )
    way(box, run, scales)
    book = total(cost_book(open_ledger(url), "model"))
    stats = simulator.stats()
    counted = [stats["total"][name] + stats["batched"][name] for name in ("answered", "input_tokens", "output_tokens")]
    assert [book.calls, book.input_tokens, book.output_tokens] == counted, (book, counted)
    assert not scales.unexplained, scales.unexplained
    return book


def naive(box: Mailbox, run: Run, scales: Scales) -> None:
    """Four calls a mail, to one model."""
    _ask_each(
        box, run, scales, lambda _row: [(name, *what, default_model(PROVIDER, "medium")) for name, *what in NAIVE]
    )


def naive_same_models(box: Mailbox, run: Run, scales: Scales) -> None:
    """Four calls a mail, each to the model that we would ask: the cheap one to sort, the rest by complexity."""

    def questions(row: dict[str, Any]) -> list[Any]:
        strong = default_model(PROVIDER, complexity_by_length(row["tokens"]))
        return [(name, *what, default_model(PROVIDER, "triage") if name == "sort" else strong) for name, *what in NAIVE]

    _ask_each(box, run, scales, questions)


def one_call(box: Mailbox, run: Run, scales: Scales) -> None:
    """Everything in one call, to one model."""
    _ask_each(box, run, scales, lambda _row: [(*WHOLE, default_model(PROVIDER, "medium"))])


def two_step(box: Mailbox, run: Run, scales: Scales) -> None:
    """Triage, then what the mail is worth."""
    _understand(box, run, scales)


def two_step_translating(box: Mailbox, run: Run, scales: Scales) -> None:
    """The same, every summary translated, as the naive way does."""
    _understand(replace(box, rows=[{**row, "target_language": "ja"} for row in box.rows]), run, scales)


def two_step_together(box: Mailbox, run: Run, scales: Scales) -> None:
    """The same, ten short mails in a triage call."""
    _understand(box, Run(id=run.id, settings=run.settings.model_copy(update={"mails_per_call": 10})), scales)


def economy(box: Mailbox, run: Run, scales: Scales) -> None:
    """Two steps through batches."""
    run = Run(id=run.id, settings=run.settings.model_copy(update={"mode": "economy"}))
    _park(open_ledger(run.settings.ledger), box)
    while "AWAITING_BATCH" in _understand(box, run, scales):
        with batch_round(run) as round_:
            round_.send()
            round_.collect()
        assert not round_.tally.troubles, round_.tally.troubles


NAIVE_WAY, OURS = "four calls a mail (naive)", "two-step"
WAYS: dict[str, Way] = {
    NAIVE_WAY: naive,
    "four calls, our models": naive_same_models,
    "one call": one_call,
    OURS: two_step,
    "two-step, translating all": two_step_translating,
    "two-step, 10 mails a call": two_step_together,
    "two-step, economy": economy,
}


def _understand(box: Mailbox, run: Run, scales: Scales) -> set[str]:
    """The error types that mails ended with: none, but for waiting for a batch."""
    worth, group = partial(analyses_for, load_rules()), partial(record_group, open_ledger(run.settings.ledger))
    asked = understand(
        Messages.of(box.rows), scales.before(asker_for(run)), models_for(run.settings), worth,
        mails_per_call=run.settings.mails_per_call, group=group,
    )  # fmt: skip
    errors = set(on_model_loop(asked)["error_type"].dropna())
    assert errors <= {"AWAITING_BATCH"}, errors
    return errors


def _ask_each(box: Mailbox, run: Run, scales: Scales, questions: Callable[[dict[str, Any]], list[Any]]) -> None:
    asker = scales.before(gateway_for(run))

    async def ask(row: dict[str, Any]) -> None:
        for name, instructions, answer, model in questions(row):
            text = f"Translate the summary into: Japanese (ja)\nReply to: {row['sender_name']}\n{mail_block(row)}"
            question = Question(name=name, version="1", instructions=instructions, text=text, answer=answer)
            link = Link(provider=PROVIDER, model=model)
            await asker.complete(question, [link], message_key=row["message_key"])

    on_model_loop(_gathered([ask(row) for row in box.uncut]))


async def _gathered(work: Sequence[Awaitable[None]]) -> None:
    await asyncio.gather(*work)


def _park(engine: Engine, box: Mailbox) -> None:
    rows = [
        {"message_key": row["message_key"], "state": "PROCESSING", "retry": False, "fence": 1, "owner": "",
         "lease_until": 1e12, "first_seen": 0, "updated": 0}
        for row in box.rows
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(messages_table), rows)


def _table(box: Mailbox, books: dict[str, CostLine]) -> Table:
    table = Table(title=f"{box.name}: {len(box.rows)} mails, a mail", title_justify="left")
    table.add_column("way")
    for head in ("calls", "tokens in", "cached", "out", "tokens", "of naive", "$ per 1,000", "of naive"):
        table.add_column(head, justify="right")
    first, count = next(iter(books.values())), len(box.rows)
    for name, book in books.items():
        tokens = book.input_tokens + book.output_tokens
        table.add_row(
            name, f"{book.calls / count:.2f}", f"{book.input_tokens / count:.0f}",
            f"{book.cache_read_tokens / count:.0f}",
            f"{book.output_tokens / count:.0f}", f"{tokens / count:.0f}", f"{tokens / _tokens(first):.2f}",
            f"{book.usd / count * 1000:.4f}", f"{book.usd / first.usd:.2f}",
        )  # fmt: skip
    return table


def _figures(box: Mailbox, books: dict[str, CostLine]) -> dict[str, float]:
    naive_, same, whole, two, translating, together, batch = books.values()
    of, count = box.name.replace(" ", "_"), len(box.rows)
    return {
        f"{of}_mails": count,
        f"{of}_two_step_tokens_ratio": _tokens(two) / _tokens(naive_),
        f"{of}_translating_tokens_ratio": _tokens(translating) / _tokens(naive_),
        f"{of}_together_tokens_ratio": _tokens(together) / _tokens(naive_),
        f"{of}_one_call_tokens_ratio": _tokens(whole) / _tokens(naive_),
        f"{of}_two_step_dollars_ratio": float(two.usd / naive_.usd),
        f"{of}_together_dollars_ratio": float(together.usd / naive_.usd),
        f"{of}_economy_dollars_ratio": float(batch.usd / naive_.usd),
        f"{of}_economy_dollars_ratio_same_models": float(batch.usd / same.usd),
        f"{of}_economy_usd_per_mail": float(batch.usd / count),
    }


def _tokens(book: CostLine) -> int:
    return book.input_tokens + book.output_tokens


def _prices() -> Table:
    table = Table(title="Prices used, $ a million tokens", title_justify="left")
    for head in ("model", "input", "cached input", "output"):
        table.add_column(head, justify="right" if head != "model" else "left")
    million = 1_000_000
    kinds = (
        Usage(input_tokens=million),
        Usage(input_tokens=million, cache_read_tokens=million),
        Usage(output_tokens=million),
    )
    for model in dict.fromkeys(default_model(PROVIDER, kind) for kind in COMPLEXITIES):
        table.add_row(model, *(str(Decimal(price(PROVIDER, model, usage) or 0).normalize()) for usage in kinds))
    return table


if __name__ == "__main__":
    main()
