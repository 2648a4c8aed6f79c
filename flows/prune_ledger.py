"""Deletes what the ledger need not keep any longer."""

from __future__ import annotations

from typing import Annotated, Any

from prefect import flow, task
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from flows.run.final_state import says_what_is_wrong
from flows.run.run_names import run_name
from tasks import policies
from tasks.ledger.effects import forget_contents
from tasks.ledger.engine import open_ledger
from tasks.ledger.pruning import prune_batches, prune_completions
from tasks.ledger.pruning_mails import prune_mails, prune_skipped
from tasks.ledger.pruning_threads import prune_sent_texts, prune_threads
from tasks.settings import read_settings
from tasks.settings.parameters import tells_bounds

_DAY_S = 86_400.0
Days = Annotated[float, Field(gt=0, le=3_650)]


@flow(name="prune-ledger", flow_run_name=run_name, persist_result=False)
@says_what_is_wrong
@tells_bounds
def prune_ledger(
    answers: Days = 1,
    refused_answers: Days = 30,
    mails: Days = 90,
    skipped: Days = 30,
    calls: Days = 400,
    threads: Days = 400,
) -> State[Any]:
    """Delete texts and rows by age. Which mails were processed, with which outcome, is kept for ever.

    Args:
        answers: Days for which the text of a model's answer is kept.
        refused_answers: Days for which an answer that broke its schema is kept, for inspection.
        mails: Days for which the bytes of a completed mail and the contents of its effects are kept. After that, the
            mail can't be processed again from the ledger.
        skipped: Days for which the rows of mails that were seen again are kept.
        calls: Days for which single calls are kept in the cost book.
        threads: Days for which a conversation is known after its last mail, and a question of ours with it.
    """
    done = prune(read_settings().ledger, answers, refused_answers, mails, skipped, calls, threads)
    return Completed(message=", ".join(f"{count} {name}" for name, count in done.items()) + " forgotten")


@task(name="prune ledger", **policies.LEDGER)
def prune(
    ledger_url: str,
    answers: float,
    refused: float,
    mails: float,
    skipped: float,
    calls: float,
    threads: float,
) -> dict[str, int]:
    """Delete them, and return how many of each kind there were."""
    engine = open_ledger(ledger_url)
    told = prune_completions(engine, answers_s=answers * _DAY_S, failed_s=refused * _DAY_S, calls_s=calls * _DAY_S)
    return {
        "answers": told.answers,
        "calls": told.calls,
        "questions of batches": prune_batches(engine, older_s=calls * _DAY_S),
        "mails' bytes": prune_mails(engine, done_s=mails * _DAY_S),
        "words of effects": forget_contents(engine, older_s=mails * _DAY_S),
        "skipped outcomes": prune_skipped(engine, older_s=skipped * _DAY_S),
        "words of sent mail": prune_sent_texts(engine, older_s=mails * _DAY_S),
        "conversations": prune_threads(engine, older_s=threads * _DAY_S),
    }
