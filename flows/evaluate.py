"""How good are the answers? Labelled mails through one candidate or two, with figures, pictures and a gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.run.candidates import candidates_of, read_trial, score
from flows.run.final_state import says_what_is_wrong
from flows.run.gate import read_gate
from flows.run.meant_ends import failed
from flows.run.run_names import run_name
from flows.run.task_runners import task_runner
from tasks.providers.catalogue.sheets import ProviderChoice
from tasks.score.compare import compare
from tasks.score.publish_scorecard import publish_scorecard
from tasks.settings import read_settings
from tasks.settings.parameters import OptionalUsd, described_by_settings

BELOW = "BelowThreshold"
"""Name of the state of an evaluation that a figure fell short in."""


@flow(name="evaluate", flow_run_name=run_name, task_runner=task_runner(), persist_result=False)
@says_what_is_wrong
@described_by_settings
def evaluate(
    labels: str,
    mails: str = "",
    provider: ProviderChoice = "configured",
    triage_model: str = "",
    analysis_model: str = "",
    prompt: str = "",
    against: str = "",
    at_least: str = "",
    analyses: bool = True,
    budget_usd: OptionalUsd = None,
    output_dir: str = "",
) -> State[Any]:
    """Ask about labelled mails, and say how good the answers are; nothing is done about the mails, and none is claimed.

    Args:
        labels: Table with the columns `id` and `category`, and perhaps `needs_reply` and `action_items`.
        mails: Where the mails lie, as for `process-mail`; empty means that the table has them, too.
        prompt: How the first candidate sorts: empty is the shipped prompt, `whole` shows long mails as a whole; else
            a text file, whose words stand in place of the shipped ones on reply, complexity and reason.
        against: A second candidate, as `anthropic`, `openai/MODEL`, `openai/TRIAGE_MODEL/ANALYSIS_MODEL`, `classifier`
            (the one in use) or `classifier/NUMBER`; with `@PROMPT` behind it, or alone, asked by that prompt.
        at_least: Figures that the first candidate must reach, as `accuracy=0.8, macro_f1=0.7`.
        analyses: Ask for summaries, action items and replies, and judge them, too.
    """
    gate = read_gate(at_least)
    settings = read_settings(
        provider=provider, triage_model=triage_model, analysis_model=analysis_model, budget_usd=budget_usd,
        output_dir=output_dir, mode="normal",
    )  # fmt: skip
    candidates = candidates_of(settings, prompt, against)
    trial = read_trial(Path(labels), mails or labels, settings)

    scored = [score(trial, one, number, analyses=analyses) for number, one in enumerate(candidates)]

    comparison = compare(scored[0].answers, scored[1].answers) if against else None

    short = gate.short_of(scored[0].figures)
    publish_scorecard(scored, comparison, trial.run, labels, gate.sentence(short))
    accuracies = ", against ".join(str(one.figures["accuracy"]) for one in scored)
    verdict = comparison.sentence() if comparison else ""
    said = [f"{len(trial.labels)} mails, accuracy {accuracies}.", verdict, gate.sentence(short)]
    told = " ".join(filter(None, said))
    return failed(BELOW, told) if short else Completed(message=told)
