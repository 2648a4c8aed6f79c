"""How a run ends: a state that says what happened, never a stack trace for what an operator can mend."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, ParamSpec, get_type_hints

from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.run.meant_ends import cancelled, failed
from flows.run.stopping import GO_ON
from flows.run.under_way import is_deployed
from tasks.errors import BudgetExceeded, Misconfigured, SourceUnavailable, Stopped
from tasks.report.summary import Summary

P = ParamSpec("P")

MISCONFIGURED = "Misconfigured"
"""Name of the state of a run that could not begin."""
STOPPED = "Stopped"
"""Name of the state of a run that a person or a lost claim ended early; a signal leaves the state to Prefect."""
SOURCE_UNAVAILABLE = "SourceUnavailable"
"""Name of the state of a run whose source refused for now; the next run goes on where this one stopped."""

EFFECTS_NOT_DONE = "EffectsNotDone"
"""Name of the state of a run that ended well, but for effects that failed or may have happened."""
WHAT_TO_DO = "The report says which effects failed; `reconcile-effects` looks for those that are ambiguous."

BUDGET_TOO_SMALL = "BudgetTooSmall"
"""Name of the state of a run whose budget could not pay for a single mail."""

AT_THE_WORKER = "Variables belong in the environment of the worker, which must be restarted after a change."
_VARIABLE = re.compile(r"\b[A-Z]{3,}(_[A-Z0-9]+)+\b")

_OF_THE_MAIL = {"VALIDATION_ERROR", "TOO_LONG", "REFUSED", "INTERNAL_ERROR"}
"""Errors that a provider is not to blame for."""

NOTHING_READ = "NothingRead"
"""Name of the state of a run that met files only that could not be read, such as mailboxes of another program."""


def says_what_is_wrong(body: Callable[P, Any]) -> Callable[P, Any]:
    """The flow's body. If one of our errors ends it, its state names what to mend, or says why it stopped."""

    @functools.wraps(body)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> object:
        try:
            return body(*args, **kwargs)
        except Misconfigured as error:
            return failed(MISCONFIGURED, _to_the_worker(error.told))
        except Stopped as error:
            return cancelled(STOPPED, f"{error} {GO_ON}")
        except SourceUnavailable as error:
            return failed(SOURCE_UNAVAILABLE, error.told)

    # Prefect reads the types in the wrapper's module, where their names mean nothing; so they are resolved here.
    types = get_type_hints(body, include_extras=True)
    signature = inspect.signature(body)
    parameters = [one.replace(annotation=types[name]) for name, one in signature.parameters.items()]
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # inspect reads it
    wrapped.__annotations__ = types
    return wrapped


def concluded(summary: Summary) -> State[Any]:
    """The run's last state: Completed if nothing is left, failed through a provider, or was to be done and is not."""
    data: dict[str, Any] = {"mails": summary.mails, "effects": dict(summary.effects)}
    data |= {name.lower(): count for name, count in summary.statuses.items()}
    if summary.statuses["PENDING"]:
        if not summary.calls and BudgetExceeded.code in summary.errors:
            return failed(BUDGET_TOO_SMALL, f"{summary.sentence()}. Not one mail could be paid for. {_left(summary)}")
        return Completed(name="StoppedAtBudget", message=f"{summary.sentence()}. {_left(summary)}", data=data)
    if summary.curable:
        return failed("ProviderFailed", f"{summary.sentence()}. {_cause(summary)} {_tried_again(summary)}")
    if summary.nameless and summary.nameless == summary.statuses["FAILED"] and not summary.statuses["COMPLETED"]:
        why = next(iter(summary.advice.values()), "")
        return failed(NOTHING_READ, f"{summary.sentence()}. Nothing could be read: {why}")
    if summary.effects_not_done:
        return Completed(name=EFFECTS_NOT_DONE, message=f"{summary.sentence()}. {WHAT_TO_DO}", data=data)
    return Completed(message=f"{summary.sentence()}{_for_good(summary)}", data=data)


def _cause(summary: Summary) -> str:
    """What went wrong most often, in the words of the first mail that met it."""
    causes = [code for code, _ in summary.errors.most_common() if code not in _OF_THE_MAIL]
    return summary.advice.get(causes[0], "") if causes else ""


def _tried_again(summary: Summary) -> str:
    again = summary.curable
    return f"{_mails(again)} {'is' if again == 1 else 'are'} tried again by the next run.{_for_good(summary, '')}"


def _for_good(summary: Summary, before: str = ".") -> str:
    """What is said of mails that no further run brings right; empty where there are none."""
    lost = summary.statuses["FAILED"] - summary.curable
    if lost < 1:
        return ""
    return f"{before} {_mails(lost)} cannot come right without a person: the report names the errors."


def _mails(count: int) -> str:
    return f"{count} {'mail' if count == 1 else 'mails'}"


def _to_the_worker(told: str) -> str:
    """The message, and where a variable that it names belongs when a worker runs the flow."""
    return f"{told} {AT_THE_WORKER}" if is_deployed() and _VARIABLE.search(told) else told


def _left(summary: Summary) -> str:
    """Why mails are left, and about how much they will cost, going by those that were finished."""
    left, done = summary.statuses["PENDING"], summary.statuses["COMPLETED"]
    why = summary.advice.get(BudgetExceeded.code, "")
    said = f"{_mails(left)} {'is' if left == 1 else 'are'} left for the next run. {why}".rstrip()
    if not done or not summary.cost_usd:
        return said
    return f"{said} About ${summary.cost_usd / done * left:.4f} would finish them."
