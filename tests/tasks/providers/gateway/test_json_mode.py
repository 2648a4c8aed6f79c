"""How a server is asked for JSON: found out by what it does, with one short question where that leaves it open."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tasks.errors import CallError
from tests.tasks.providers.at_the_wire import Wire
from tests.tasks.providers.far_side import QUESTION, TEXT, Reply, Request, complaint, good

MEANT = QUESTION.answer.model_validate_json(TEXT)
PROSE = f"Here you are:\n```json\n{TEXT}\n```"
names = itertools.count()


def ask(wire: Wire, gateway: Any) -> Any:
    return wire.on(gateway, "local", f"mode {next(names)}")


def modes(wire: Wire) -> list[str]:
    return [request.body["response_format"]["type"] for request in wire.requests]


def is_probe(request: Request) -> bool:
    return "Say hello" in str(request.body)


def auto(wire: Wire, reply: Any, **values: Any) -> Any:
    return wire.gateway("local", reply, **{"json_mode": "auto", "timeout_s": 20 + next(names), **values})


def test_a_server_that_holds_to_schemas_is_asked_nothing_but_the_mails_questions(wire: Wire) -> None:
    gateway = auto(wire, Reply(body=good("local")))
    assert [ask(wire, gateway).attempts for _ in range(3)] == [1, 1, 1]
    assert modes(wire) == ["json_schema"] * 3


REFUSALS = [
    (400, "Unsupported parameter: 'response_format'", "unsupported_parameter"),
    (400, "Invalid schema for response_format 'Sorted'", ""),
    (400, "failed to parse grammar", ""),
    (422, "response_format: Input should be 'text' or 'json_object'", ""),
]


@pytest.mark.parametrize(("status", "said", "code"), REFUSALS)
def test_a_server_that_refuses_schemas_is_asked_for_objects_from_then_on(
    wire: Wire, status: int, said: str, code: str
) -> None:
    def reply(request: Request) -> Reply:
        if request.body["response_format"]["type"] == "json_schema":
            return Reply(status, complaint("local", status, said, code=code))
        return Reply(body=good("local"))

    gateway = auto(wire, reply)
    first, second = ask(wire, gateway), ask(wire, gateway)
    assert (first.value, first.attempts, second.attempts) == (MEANT, 2, 1)
    assert modes(wire) == ["json_schema", "json_object", "json_object"]


def test_an_answer_that_breaks_its_schema_is_followed_by_one_question_that_tells_whether_any_is_held(
    wire: Wire,
) -> None:
    gateway = auto(wire, Reply(body=good("local", PROSE)))  # the probe, too, gets what no schema allows
    assert ask(wire, gateway).value == MEANT
    assert ask(wire, gateway).value == MEANT
    assert [is_probe(request) for request in wire.requests] == [False, True, False]
    assert modes(wire) == ["json_schema", "json_schema", "json_object"]


def test_a_bad_answer_of_a_server_that_holds_to_schemas_changes_nothing(wire: Wire) -> None:
    def reply(request: Request) -> Reply:
        return Reply(body=good("local", '{"said": "K7"}' if is_probe(request) else PROSE))

    gateway = auto(wire, reply)
    for _ in range(3):
        ask(wire, gateway)
    assert [is_probe(request) for request in wire.requests] == [False, True, False, False]
    assert set(modes(wire)) == {"json_schema"}


def test_a_server_that_is_busy_when_it_is_asked_tells_another_time(wire: Wire) -> None:
    to_probes = iter([Reply(503, complaint("local", 503, "busy")), Reply(body=good("local", "{}"))])

    def reply(request: Request) -> Reply:
        return next(to_probes) if is_probe(request) else Reply(body=good("local", PROSE))

    gateway = auto(wire, reply)
    for _ in range(3):
        ask(wire, gateway)
    assert modes(wire) == ["json_schema", "json_schema", "json_schema", "json_schema", "json_object"]


def test_a_server_that_takes_neither_is_refused_after_a_few(wire: Wire) -> None:
    gateway = auto(wire, Reply(422, complaint("local", 422, "response_format: no")))
    for _ in range(5):
        with pytest.raises(CallError):
            ask(wire, gateway)
    assert len(wire.requests) == 3


@pytest.mark.parametrize("mode", ["json_schema", "json_object"])
def test_a_mode_that_is_set_is_never_changed(wire: Wire, mode: str) -> None:
    gateway = auto(wire, Reply(body=good("local", PROSE)), json_mode=mode)
    for _ in range(2):
        ask(wire, gateway)
    assert modes(wire) == [mode] * 2
