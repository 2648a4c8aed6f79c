"""Logging of our processes: lines for people, or JSON for machines, by MAILROOM_LOG_FORMAT.

A JSON line has the run and the chunk (a task run) from Prefect's context, and the mail if the caller gives its key in
`extra`. Mail text, addresses and secrets are never logged. Subjects and senders' domains are, unless
MAILROOM_LOG_SUBJECTS is false.
"""

from __future__ import annotations

import logging
import sys

from tasks.errors import MailroomError
from tasks.settings.observing import LogSettings

LOGGERS = ("mailroom", "prefect")
_FIELDS = "%(asctime)s %(levelname)s %(name)s %(message)s"
_LINE = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"


class _WhereItRuns(logging.Filter):
    """Adds the run and the chunk to a record, unless there are none or the record has them already."""

    def filter(self, record: logging.LogRecord) -> bool:
        if "prefect.context" not in sys.modules or hasattr(record, "flow_run_id"):
            return True
        from prefect.context import FlowRunContext, TaskRunContext

        task = TaskRunContext.get()
        flow = FlowRunContext.get()
        if task is not None:
            record.task_run_id, record.task_run_name = str(task.task_run.id), task.task_run.name
            record.flow_run_id = str(task.task_run.flow_run_id)
        elif flow is not None and flow.flow_run is not None:
            record.flow_run_id, record.flow_run_name = str(flow.flow_run.id), flow.flow_run.name
        return True


class NoTraceOfExpected(logging.Filter):
    """Removes the stack trace from Prefect's records of our own errors, whose messages are sufficient."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], MailroomError):
            record.exc_info = None
        return True


def set_up_logs(settings: LogSettings | None = None, *, console: bool = False) -> None:
    """Set up logging according to the settings. It is safe to call again.

    With the format `lines`, Prefect's own console output is kept, and only a process without one (`console`) gets one.
    """
    told = settings or LogSettings.read()
    if told.format == "lines" and not console:
        return
    if not console:
        # Prefect sets up its loggers when the first flow begins. After that it changes only their levels.
        from prefect.logging.configuration import setup_logging

        setup_logging()
    handler = logging.StreamHandler(sys.stderr)
    handler.name = "mailroom-console"
    handler.setFormatter(_json() if told.format == "json" else logging.Formatter(_LINE))
    handler.addFilter(_WhereItRuns())
    for name in LOGGERS:
        logger = logging.getLogger(name)
        # Prefect's handler for its server is kept. Its console handler would print everything twice.
        for other in [one for one in logger.handlers if isinstance(one, logging.StreamHandler)]:
            logger.removeHandler(other)
        logger.addHandler(handler)
        logger.setLevel(told.level)
        logger.propagate = False


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(_FIELDS, rename_fields={"asctime": "time", "levelname": "level", "name": "logger"})
