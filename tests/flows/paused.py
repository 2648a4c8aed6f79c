"""Runs a flow that pauses for a person, while the test answers instead of the person."""

from __future__ import annotations

import contextvars
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from uuid import uuid4

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.exceptions import PrefectHTTPStatusError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An effect on the form; `fields` are its parts' JSON schemas."""

    name: str
    title: str
    told: str
    fields: dict[str, Any]

    def sent(self, **changes: Any) -> dict[str, Any]:
        """What a browser sends of it."""
        return {**{name: one["default"] for name, one in self.fields.items()}, **changes}

    def shows(self, name: str = "shown") -> str:
        """The text in one of its parts."""
        return str(self.fields[name]["default"])


class PausedRun:
    """Runs a flow in a thread under a name of its own; `wait` until it pauses, `answer` it, and read its `end`."""

    def __init__(self, flow: Any, **parameters: Any) -> None:
        self.name = f"run-{uuid4()}"
        context = contextvars.copy_context()
        named = flow.with_options(flow_run_name=self.name)
        self._future: Future[Any] = Future()
        parameters = {"wait_hours": 0.1, **parameters}

        def run() -> None:
            try:
                self._future.set_result(context.run(lambda: named(**parameters, return_state=True)))
            except BaseException as error:
                self._future.set_exception(error)

        # A daemon: a test that failed must not wait for an answer nobody gives.
        threading.Thread(target=run, daemon=True).start()

    def wait(self) -> Any:
        """The paused run, as the API gives it, once its form is there."""
        wanted = FlowRunFilter(name=FlowRunFilterName(any_=[self.name]))
        with get_client(sync_client=True) as client:
            for _ in range(600):
                assert not self._future.done(), self._future.result()
                runs = client.read_flow_runs(flow_run_filter=wanted)
                if runs and runs[0].state and runs[0].state.is_paused() and self.form(runs[0]):
                    return runs[0]
                time.sleep(0.1)
        raise AssertionError("the run did not pause")

    @staticmethod
    def form(run: Any) -> dict[str, Any]:
        """The form's JSON schema, and its description under `description`."""
        keyset = run.state.state_details.run_input_keyset or {}
        try:
            with get_client(sync_client=True) as client:
                found = {
                    name: client._client.get(f"/flow_runs/{run.id}/input/{keyset[name]}")
                    for name in ("schema", "description")
                }
        except (KeyError, PrefectHTTPStatusError):
            return {}  # the run is paused a moment before its form is there
        return {**found["schema"].json(), "description": found["description"].json()}

    @staticmethod
    def entries(run: Any) -> list[Entry]:
        """What the form has for each effect, in their order."""
        form = PausedRun.form(run)
        found = []
        for name, told in form["properties"].items():
            if name != "your_name":
                definition = form["$defs"][told["$ref"].rpartition("/")[2]]
                found.append(
                    Entry(
                        name=name,
                        title=told["title"],
                        told=told.get("description", ""),
                        fields=definition["properties"],
                    )
                )
        return found

    @staticmethod
    def decide(run: Any, *decisions: dict[str, Any], person: str = "Ann Operator") -> str:
        """Send the form with these changes to its effects, in their order, and all else as it stands, as the UIs do."""
        pairs = zip_longest(PausedRun.entries(run), decisions, fillvalue={})
        return PausedRun.answer(run, your_name=person, **{one.name: one.sent(**changes) for one, changes in pairs})

    def next(self, run: Any) -> Any:
        """The run, paused with another form than the one it has in `run`."""
        keys = run.state.state_details.run_input_keyset
        while (paused := self.wait()).state.state_details.run_input_keyset == keys:
            time.sleep(0.1)
        return paused

    @staticmethod
    def answer(run: Any, **fields: Any) -> str:
        """What the API said to this answer."""
        with get_client(sync_client=True) as client:
            said = client.resume_flow_run(run.id, run_input=fields)
        return str(said.status.value)

    def end(self) -> Any:
        """The run's last state."""
        return self._future.result(timeout=120)
