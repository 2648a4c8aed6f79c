"""Prefect's runner of tasks in processes, over processes that take several chunks and whose death costs only theirs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import Any, Self

from prefect.context import FlowRunContext
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from flows.run.process_pool import ChunkProcesses
from tasks.stops import stop_of


class ChunkTaskRunner(ProcessPoolTaskRunner):
    """Logs and events of the processes reach the server through the run's own, as Prefect does it."""

    def __enter__(self) -> Self:
        TaskRunner.__enter__(self)  # Prefect's own would make its own processes
        messages: SimpleQueue[object] = SimpleQueue()
        self._subprocess_message_queue = messages
        # In this context, whose settings say where the server is.
        forward = partial(copy_context().run, self._forward_subprocess_messages)
        self._message_forwarding_thread = threading.Thread(target=forward, name="chunk-messages", daemon=True)
        self._message_forwarding_thread.start()
        self._executor = ChunkProcesses(self._max_workers, messages.put)  # type: ignore[assignment]  # an Executor
        self._resolver_executor = ThreadPoolExecutor(self._max_workers)
        return self

    def submit(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as Prefect's own
        """Submit a chunk, whose process is told when the run must end."""
        context = FlowRunContext.get()
        assert context is not None
        assert context.flow_run is not None
        assert isinstance(self._executor, ChunkProcesses)
        self._executor.serve(stop_of(str(context.flow_run.id)))
        return super().submit(*args, **kwargs)
