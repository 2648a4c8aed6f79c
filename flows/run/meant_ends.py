"""States in which a run was meant to end, and a log without stack traces of them.

Prefect's engine turns a returned state that is not Completed into an exception: into the state's data where that is an
exception, into a TypeError where it is a dictionary. It logs that exception with a stack trace, as an accident.
"""

from __future__ import annotations

import logging
from typing import Any

from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.states import Cancelled, Failed

from tasks.errors import MailroomError

log = logging.getLogger("mailroom.report")


class RunEnded(MailroomError):
    """What a caller in the same process gets who asks such a state for its result."""


class NoTraceOfMeantEnds(logging.Filter):
    """Leaves out what the engine logs after a run that ended as meant, or by a signal. The state is logged already."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, RunEnded | TerminationSignal | KeyboardInterrupt)


# The engine logs to the run's log, and then once more to the worker's.
for _name in ("prefect.flow_runs", "prefect.engine"):
    logging.getLogger(_name).addFilter(NoTraceOfMeantEnds())


def failed(name: str, message: str) -> State[Any]:
    """The state Failed under this name; the message is logged as an error, since a person must act."""
    log.error("%s: %s", name, message)
    return Failed(name=name, message=message, data=RunEnded(message))


def cancelled(name: str, message: str) -> State[Any]:
    """The state Cancelled under this name."""
    log.warning("%s: %s", name, message)
    return Cancelled(name=name, message=message, data=RunEnded(message))
