"""Answers with differences of form are accepted, and every reply is billed by its usage, with every SDK."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from tasks.errors import BadAnswer, CallError, CutAnswer, Refused, ServerFault, TimedOut
from tasks.providers.gateway.answer_reading import read_answer
from tasks.questions import Question, Reservation
from tests.tasks.providers.at_the_wire import Wire
from tests.tasks.providers.far_side import MAIL, SDKS, Reply, complaint, good


class Sorted(BaseModel):
    model_config = ConfigDict(extra="forbid")
    category: Literal["URGENT", "OTHER"]
    owner: str | None


QUESTION = Question(name="sort", version="1", instructions="Sort the mail.", text=MAIL, answer=Sorted)
PLAIN = '{"category": "URGENT", "owner": null}'
MEANT = Sorted(category="URGENT", owner=None)
names = itertools.count()

AS_MEANT = {
    "a fence": f"```json\n{PLAIN}\n```",
    "a fence without a name": f"```\n{PLAIN}\n```\n",
    "prose around it": f"Here is the JSON you asked for:\n\n{PLAIN}\n\nLet me know if {{more}} is needed.",
    "thoughts before it": f'<think>Is it {{"category": "OTHER", "owner": null}}? No.</think>\n{PLAIN}',
    "thoughts without a beginning": f"It fails, so it is urgent.\n</think>{PLAIN}",
    "channels": f"<|channel|>analysis<|message|>Hm.<|end|><|channel|>final<|message|>{PLAIN}",
    "a byte order mark": f"\ufeff{PLAIN}",
    "a wrapping": json.dumps({"Sorted": json.loads(PLAIN)}),
    "a list of one": f"[{PLAIN}]",
    "JSON in a text": json.dumps(PLAIN),
    "another case": '{"category": "Urgent", "owner": null}',
    "a field too many": '{"category": "URGENT", "owner": null, "explanation": "It fails."}',
    "the same twice": f"{PLAIN}\n{PLAIN}",
}


@pytest.mark.parametrize("form", AS_MEANT)
@pytest.mark.parametrize("sdk", SDKS)
def test_the_one_object_is_taken_whatever_stands_around_it(wire: Wire, sdk: str, form: str) -> None:
    name = f"form {next(names)}"
    found = wire.ask(sdk, Reply(body=good(sdk, AS_MEANT[form])), name, question=QUESTION)
    assert (found.value, found.attempts, len(wire.requests)) == (MEANT, 1, 1)


NOT_MEANT = {
    "two that differ": f'{PLAIN} or {{"category": "OTHER", "owner": null}}',
    "no object": "I would say it is urgent.",
    "half of one": PLAIN[:-8],
    "another word": '{"category": "VERY URGENT", "owner": null}',
    "a field too few": '{"category": "URGENT"}',
}


@pytest.mark.parametrize("form", NOT_MEANT)
def test_what_is_not_said_is_not_invented(form: str) -> None:
    value, faults = read_answer(Sorted, NOT_MEANT[form])
    assert value is None
    assert faults


@given(st.text(), st.text())
def test_no_text_around_an_object_breaks_the_reading(before: str, behind: str) -> None:
    value, _faults = read_answer(Sorted, f"{before}{PLAIN}{behind}")
    assert value in (MEANT, None)


@pytest.mark.parametrize("hostile", ["{" * 50_000, '{"a":' * 50_000, "[" * 50_000, '"' * 50_001, "{}" * 50_000])
def test_hostile_texts_are_no_answer(hostile: str) -> None:
    assert read_answer(Sorted, hostile)[0] is None


ENDINGS = [None, "eos", "STOP", "tool_calls", "pause_turn", "OTHER", 5, ""]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("sdk", SDKS)
def test_an_answer_that_validates_is_taken_whatever_ended_it(wire: Wire, sdk: str, ending: Any) -> None:
    body = json.loads(json.dumps(good(sdk, PLAIN, ending="ENDING")).replace('"ENDING"', json.dumps(ending)))
    found = wire.ask(sdk, Reply(body=body), f"ending {next(names)}", question=QUESTION)
    assert (found.value, found.attempts) == (MEANT, 1)


@pytest.mark.parametrize("ending", ["eos", None])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_bad_answer_with_an_odd_ending_says_both(wire: Wire, sdk: str, ending: Any) -> None:
    body = json.loads(json.dumps(good(sdk, "{}", ending="ENDING")).replace('"ENDING"', json.dumps(ending)))
    with pytest.raises(BadAnswer, match=r"`category`: Field required.*ended for a reason that is not known") as caught:
        wire.ask(sdk, Reply(body=body), f"odd {next(names)}", question=QUESTION)
    assert caught.value.sent == 2


@pytest.mark.parametrize(
    ("ending", "error"), [("length", CutAnswer), ("MAX_TOKENS", CutAnswer), ("content_filter", Refused)]
)
@pytest.mark.parametrize("sdk", SDKS)
def test_an_ending_that_says_cut_or_filtered_counts(wire: Wire, sdk: str, ending: str, error: type[CallError]) -> None:
    with pytest.raises(error):
        wire.ask(sdk, Reply(body=good(sdk, PLAIN, ending=ending)), f"cut {next(names)}", question=QUESTION)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("sdk", SDKS)
def test_an_answer_cut_at_its_questions_own_limit_is_asked_for_with_all_there_is(wire: Wire, sdk: str) -> None:
    cut = good(sdk, PLAIN[:20], ending="length")
    short = Question(**{**vars(QUESTION), "max_tokens": 30})
    replies = iter([Reply(body=cut), Reply(body=good(sdk, PLAIN))])
    found = wire.ask(sdk, lambda _: next(replies), f"longer {next(names)}", question=short)
    assert (found.value, found.attempts) == (MEANT, 2)
    first, second = (json.dumps(request.body) for request in wire.requests)
    assert any(limit in first for limit in (" 30,", " 4030,"))
    assert any(limit in second for limit in (" 1000,", " 5000,"))


@pytest.mark.parametrize("sdk", SDKS)
def test_the_repair_is_a_further_turn(wire: Wire, sdk: str) -> None:
    bad = '{"category": "LATER", "owner": null}'
    replies = iter([Reply(body=good(sdk, bad)), Reply(body=good(sdk, PLAIN))])
    found = wire.ask(sdk, lambda _: next(replies), f"repair {next(names)}", question=QUESTION)
    assert (found.value, found.attempts) == (MEANT, 2)
    first, second = ((request.body.get("messages") or request.body["contents"]) for request in wire.requests)
    roles = [turn["role"] for turn in second]
    assert roles[-3:] == ["user", "model" if sdk.startswith("google") else "assistant", "user"]
    assert second[: len(first)] == first
    assert json.dumps(bad) in json.dumps(second[-2])
    assert "`category`" in json.dumps(second[-1])
    assert "LATER" not in json.dumps(second[-1])


@pytest.mark.parametrize("sdk", SDKS)
def test_an_empty_answer_is_asked_for_once_more_without_a_turn_that_nobody_said(wire: Wire, sdk: str) -> None:
    replies = iter([Reply(body=good(sdk, " ")), Reply(body=good(sdk, PLAIN))])
    assert wire.ask(sdk, lambda _: next(replies), f"empty {next(names)}", question=QUESTION).attempts == 2
    first, second = (request.body for request in wire.requests)
    assert first == second


# Money


class Wallet:
    """A budget that notes what it is told."""

    def __init__(self) -> None:
        self.reserved: list[Decimal | None] = []
        self.paid: list[Decimal | None] = []

    async def reserve(
        self, worst_usd: Decimal | None, *, least_usd: Decimal | None = None, message_key: str = ""
    ) -> Reservation:
        self.reserved.append(worst_usd)
        return Reservation(number=len(self.reserved), most_usd=worst_usd or Decimal(0))

    async def settle(self, reservation: Reservation, actual_usd: Decimal | None) -> None:
        self.paid.append(actual_usd)


USAGE = ("usage", "usageMetadata")
PAID = [sdk for sdk in SDKS if sdk != "local"]


def with_usage(body: dict[str, Any], change: Any) -> dict[str, Any]:
    name = next(name for name in USAGE if name in body)
    changed = change(body[name])
    return {**body, name: changed} if changed != "leave out" else {key: body[key] for key in body if key != name}


def each_number(change: Any) -> Any:
    def changed(usage: Any) -> Any:
        return {key: changed(value) if isinstance(value, dict) else change(value) for key, value in usage.items()}

    return changed


UNKNOWN = {
    "missing": lambda _usage: "leave out",
    "null": lambda _usage: None,
    "no object": lambda _usage: 3,
    "empty": lambda _usage: {},
    "null numbers": each_number(lambda _number: None),
    "negative": each_number(lambda number: -number),
    "words": each_number(lambda _number: "many"),
    "zeros": each_number(lambda _number: 0),
}


@pytest.mark.parametrize("odd", UNKNOWN)
@pytest.mark.parametrize("sdk", PAID)
def test_usage_that_cannot_be_read_is_an_unknown_price_and_the_worst_for_the_budget(
    wire: Wire, sdk: str, odd: str
) -> None:
    wallet, name = Wallet(), f"usage {next(names)}"
    body = with_usage(good(sdk, PLAIN), UNKNOWN[odd])
    found = wire.ask(sdk, Reply(body=body), name, question=QUESTION, budget=wallet)
    assert (found.value, found.price_usd, wallet.paid) == (MEANT, None, [None])
    assert [row.price_nusd for row in wire.rows(name)] == [None]


@pytest.mark.parametrize("form", [str, float, lambda number: f"{number}.0"], ids=["texts", "floats", "texts of floats"])
@pytest.mark.parametrize("sdk", PAID)
def test_usage_as_texts_or_floats_is_read(wire: Wire, sdk: str, form: Any) -> None:
    name = f"numbers {next(names)}"
    body = with_usage(good(sdk, PLAIN), each_number(form))
    found = wire.ask(sdk, Reply(body=body), name, question=QUESTION)
    (row,) = wire.rows(name)
    assert (row.input_tokens, row.output_tokens, row.cache_read_tokens) == (100, 20, 30)
    assert found.price_usd


def empty_replies(sdk: str) -> list[Any]:
    body = good(sdk, PLAIN)
    if sdk == "anthropic":
        return [{**body, "content": []}, {**body, "content": None}, {**body, "content": [{"type": "text"}]}]
    if sdk.startswith("google"):
        return [{**body, "candidates": []}, {**body, "candidates": [{}]}, {**body, "candidates": [{"content": None}]}]
    return [{**body, "choices": []}, {**body, "choices": None}, {**body, "choices": [{"message": {"content": None}}]}]


@pytest.mark.parametrize("case", range(3))
@pytest.mark.parametrize("sdk", PAID)
def test_a_reply_without_an_answer_is_booked_and_asked_once_more(wire: Wire, sdk: str, case: int) -> None:
    wallet, name = Wallet(), f"nothing {next(names)}"
    with pytest.raises(BadAnswer):
        wire.ask(sdk, Reply(body=empty_replies(sdk)[case]), name, question=QUESTION, budget=wallet)
    rows = wire.rows(name)
    assert [(row.input_tokens, row.output_tokens) for row in rows] == [(100, 20)] * 2
    assert all(wallet.paid)


@pytest.mark.parametrize("sdk", ["openai", "local"])
def test_content_in_parts_or_as_a_functions_arguments_is_read(wire: Wire, sdk: str) -> None:
    for message in (
        {"content": [{"type": "text", "text": PLAIN[:9]}, {"type": "text", "text": PLAIN[9:]}]},
        {"content": None, "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": PLAIN}}]},
    ):
        body = good(sdk, PLAIN)
        body["choices"][0]["message"] = {"role": "assistant", **message}
        assert wire.ask(sdk, Reply(body=body), f"parts {next(names)}", question=QUESTION).value == MEANT


@pytest.mark.parametrize("sdk", PAID)
def test_a_call_that_timed_out_has_an_unknown_price(wire: Wire, sdk: str) -> None:
    wallet, name = Wallet(), f"silent {next(names)}"
    with pytest.raises(TimedOut) as caught:
        wire.ask(sdk, Reply(then="say nothing"), name, question=QUESTION, budget=wallet, timeout_s=0.1)
    assert caught.value.sent == 4
    assert [row.price_nusd for row in wire.rows(name)] == [None] * 4
    assert wallet.paid == [None] * 4


@pytest.mark.parametrize("sdk", PAID)
def test_a_call_that_was_rejected_costs_nothing(wire: Wire, sdk: str) -> None:
    wallet, name = Wallet(), f"rejected {next(names)}"
    with pytest.raises(CallError):
        wire.ask(sdk, Reply(400, complaint(sdk, 400, "No.")), name, question=QUESTION, budget=wallet)
    assert [row.price_nusd for row in wire.rows(name)] == wallet.paid == [0]


def test_an_endpoint_that_is_free_is_free_without_usage_as_well(wire: Wire) -> None:
    name = f"free {next(names)}"
    body = with_usage(good("local", PLAIN), UNKNOWN["missing"])
    assert wire.ask("local", Reply(body=body), name, question=QUESTION).price_usd == 0


@pytest.mark.parametrize("sdk", SDKS)
def test_half_an_answer_is_a_fault_that_may_have_been_billed(wire: Wire, sdk: str) -> None:
    with pytest.raises(ServerFault) as caught:
        wire.ask(sdk, Reply(body=b'{"id": "x", "cho'), f"half {next(names)}", question=QUESTION)
    assert caught.value.price_unknown
