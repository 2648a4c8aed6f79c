"""Failed and cancelled states that a flow returns on purpose, and a log filter that drops their stack traces.

Prefect's engine turns a returned state that is not Completed into an exception: the state's data where that is an
exception, a TypeError where it is a dictionary. The engine logs that exception with a stack trace, like a crash.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, Failed

from tasks.errors import MailroomError

log = logging.getLogger("mailroom.report")

_IS_END = {"is_end": True}
"""Marks the record of a run's end, which a command tells in its own way."""


class RunEnded(MailroomError):
    """Raised in the caller's process when it asks such a state for its result."""


class NoTraceOfMeantEnds(logging.Filter):
    """Drops what the engine logs after a run that ended on purpose or by a signal. The state is logged already."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, RunEnded | TerminationSignal | KeyboardInterrupt)


# The engine logs to the run's log and then again to the worker's.
for _name in ("prefect.flow_runs", "prefect.engine"):
    logging.getLogger(_name).addFilter(NoTraceOfMeantEnds())


def failed(name: str, message: str) -> State[Any]:
    """A Failed state with this name. The message is logged as an error, because a person must act."""
    log.error("%s: %s", name, message, extra=_IS_END)
    return Failed(name=name, message=message, data=RunEnded(message))


def cancelled(name: str, message: str) -> State[Any]:
    """A Cancelled state with this name."""
    log.warning("%s: %s", name, message, extra=_IS_END)
    return Cancelled(name=name, message=message, data=RunEnded(message))
