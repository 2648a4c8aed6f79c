"""The task `understand`: reads a chunk of mails with the models."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from pandera.typing import DataFrame
from prefect import task

from tasks import policies
from tasks.errors import BudgetExceeded, ChunkUnfinished, LostChunk, MailroomError
from tasks.frames import Messages, Readings, records
from tasks.known import KnownCategory
from tasks.ledger.costs import record_group
from tasks.ledger.engine import open_ledger
from tasks.mail_names import mail_name, may_name
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.event_loop import on_model_loop
from tasks.runs import Run
from tasks.settings import Settings
from tasks.shared_stops import listen_for_stop
from tasks.understand import prompts
from tasks.understand.connect import asker_for, chain_of, models_for
from tasks.understand.mail_budget import set_aside_for
from tasks.understand.protocols import Worth
from tasks.understand.understand import NOTHING_KNOWN, lost_readings, understand

log = logging.getLogger("mailroom.understand")

_DECIDING = {
    "mode", "provider", "fallbacks", "refused_moves_on", "triage_model", "analysis_model", "models", "min_confidence",
    "mails_per_call", "max_input_tokens", "long_mails", "pseudonymise",
}  # fmt: skip
"""The settings that determine an answer."""


@task(name="understand", task_run_name="understand {part}")  # the run adds `policies.ask_model`
def understand_messages(
    messages: DataFrame[Messages],
    part: str,
    run: Run,
    worth: Worth,
    question: str,
    known: Mapping[str, KnownCategory] = NOTHING_KNOWN,
) -> DataFrame[Readings]:
    """One reading for each mail, in the order of `messages`. Readings with a failure among them are never cached.

    Raises:
        ChunkUnfinished: Mails failed because of a provider or the budget. The error has all readings.
    """
    listen_for_stop(run)
    asker, models = asker_for(run), models_for(run.settings)
    group = partial(record_group, open_ledger(run.settings.ledger))
    asked = understand(
        messages, asker, models, worth, set_aside=set_aside_for(run), categories=run.categories,
        known=known, refresh=run.settings.refresh, mails_per_call=_mails_per_call(run.settings),
        group=group, part_tokens=run.settings.max_input_tokens if run.settings.long_mails == "parts" else None,
    )  # fmt: skip
    readings = on_model_loop(asked)
    _tell(messages, readings, part)
    if readings["error_type"].notna().any():
        policies.keep_out_of_cache()
    short = readings.loc[readings["error_type"] == BudgetExceeded.code, "error"]
    if len(short):
        log.warning("%s: %d mails are left to a later run. %s", part, len(short), short.iloc[0])
    unfinished = readings.loc[readings["curable"], "error_type"]
    if len(unfinished):
        said = ", ".join(f"{count} {code}" for code, count in Counter(unfinished).most_common())
        # A budget does not grow by waiting, and a rejected key stays so; a chunk with such mails alone is not retried.
        transient = not set(unfinished) <= {"BUDGET_EXCEEDED", "STOPPED", "AUTH", "OUT_OF_FUNDS", "CONFIGURATION"}
        raise ChunkUnfinished(
            f"{len(unfinished)} of {len(readings)} mails could not be read: {said}.", readings, transient
        )
    return readings


def _mails_per_call(settings: Settings) -> int:
    # In economy mode a mail comes back with other mails, and a group's answer is found only for the same group.
    return 1 if settings.mode == "economy" else settings.mails_per_call


def chunk_names(chunks: Sequence[DataFrame[Messages]], done: int) -> list[str]:
    """Each chunk's name in the UI: the mails' numbers in the run, from 1."""
    names = []
    for chunk in chunks:
        names.append(f"mails {done + 1}-{done + len(chunk)}")
        done += len(chunk)
    return names


def question_of(run: Run, rules_text: str) -> str:
    """A hash of everything besides the mails that determines the answers, for the cache's key.

    It covers prompts, categories, models, rules, the providers' addresses (which may be a simulator's) and the ledger.
    """
    settings = run.settings
    accounts = [Accounts().of(name) for name in chain_of(settings)]
    parts = [
        run.categories,
        prompts.TRIAGE_VERSION, prompts.ANALYSIS_VERSION, prompts.PART_VERSION, rules_text, settings.ledger,
        *settings.model_dump(mode="json", include=_DECIDING).items(),
        *((account.model, account.answer_settings) for account in accounts),
    ]  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def lost_chunk(chunk: DataFrame[Messages], why: BaseException) -> DataFrame[Readings]:
    """The readings of a chunk whose task failed: those in its error, or rows that say why there are none."""
    if isinstance(why, ChunkUnfinished):
        return cast(DataFrame[Readings], why.rows)
    if isinstance(why, MailroomError):
        return lost_readings(chunk, why)
    # Its words may quote what it was given, so only its kind is kept.
    return lost_readings(chunk, LostChunk(f"The chunk was lost to an error of the kind {type(why).__name__}."))


def _tell(messages: DataFrame[Messages], readings: DataFrame[Readings], part: str) -> None:
    """Log one record for the chunk with a line for each mail. A record for each mail would burden Prefect's server."""
    subjects, rows = may_name(), records(readings)
    failed = sum(bool(row["error_type"]) for row in rows)
    lines = [
        f"{mail_name(mail, subjects=subjects)} {row['category'] or row['error_type']} calls={row['calls']} "
        f"cached={row['cached_calls']}"
        f" {row['model']} {','.join(row['doubts'])}".rstrip()
        for mail, row in zip(records(messages), rows, strict=True)
    ]
    told = f"{len(rows) - failed} read" + (f", {failed} not" if failed else "")
    keys = readings["message_key"].tolist()
    log.info("%s: %s.\n%s", part, told, "\n".join(lines), extra={"chunk": part, "message_keys": keys})
