"""What an error concerns, at the wire: the run stops and the mails stay; one call finds out, the others follow."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tasks.errors import (
    CallError,
    CircuitOpen,
    KeyRejected,
    MediaRefused,
    Misdirected,
    OutOfFunds,
    RateLimited,
    RequestRejected,
    ServerFault,
)
from tasks.providers.catalogue.models import traits
from tasks.providers.catalogue.prices import worst_price
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.catalogue.tokens import answer_tokens, asked_tokens, question_tokens
from tasks.questions import Media
from tests.tasks.providers.at_the_wire import Wire, about, link_of
from tests.tasks.providers.far_side import MODELS, QUESTION, SDKS, TEXT, Reply, Request, complaint, good, provider_of

PICTURE = Media(kind="image", media_type="image/png", data=b"\x89PNG picture", name="photo.png")
WITH_PICTURE = replace(QUESTION, media=(PICTURE,))
BY_KEY = [sdk for sdk in SDKS if sdk != "local"]
names = itertools.count()


def all_at_once(wire: Wire, sdk: str, reply: Any, count: int = 20, **options: Any) -> list[Any]:
    """What so many mails come to that are asked about at the same time."""
    gateway = wire.gateway(sdk, reply, **options)

    async def ask() -> list[Any]:
        asked = [about(gateway, sdk, f"together {next(names)}") for _ in range(count)]
        return await asyncio.gather(*asked, return_exceptions=True)

    return wire.adapters.loop.run(ask())


def model_missing(sdk: str) -> Reply:
    said = {"anthropic": f"model: {MODELS[sdk]}"}.get(sdk, f"The model `{MODELS[sdk]}` does not exist.")
    code = "" if sdk.startswith("google") else "not_found_error" if sdk == "anthropic" else "model_not_found"
    return Reply(404, complaint(sdk, 404, said, code=code))


RUN_WIDE = {
    "the model": (model_missing, "_MODEL` (asked was `"),
    "a redirect": (lambda _: Reply(301, b"", {"location": "http://127.0.0.1:9/stolen"}), "_BASE_URL` (asked was http"),
    "the path": (lambda _: Reply(404, b"404 page not found", {"content-type": "text/plain"}), "_BASE_URL"),
    "a form": (lambda sdk: Reply(422, complaint(sdk, 422, "Input should be a valid dictionary")), "_MODEL"),
    "a right": (lambda sdk: Reply(403, complaint(sdk, 403, "No.")), "_MODEL"),
}


@pytest.mark.parametrize("case", RUN_WIDE)
@pytest.mark.parametrize("sdk", SDKS)
def test_what_is_wrong_for_every_mail_stops_after_a_few_and_the_mails_stay(wire: Wire, sdk: str, case: str) -> None:
    reply, advice = RUN_WIDE[case]
    errors = all_at_once(wire, sdk, reply(sdk))
    assert len(wire.requests) <= 3
    assert {type(error) for error in errors} == {Misdirected}
    assert all(error.curable and advice in error.told for error in errors)
    assert sum(error.sent for error in errors) == len(wire.requests)


def test_a_parameter_that_is_not_taken_is_named_with_its_variable(wire: Wire) -> None:
    for parameter, variable in (("temperature", "`OPENAI_TEMPERATURE=none`"), ("max_tokens", "`OPENAI_MAX_TOKENS`")):
        body = complaint("openai", 400, f"Unsupported parameter: '{parameter}'", code="unsupported_parameter")
        with pytest.raises(Misdirected) as caught:
            wire.ask("openai", Reply(400, body), f"parameter {next(names)}")
        assert variable in str(caught.value)
    detail = [{"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "Extra inputs are not permitted"}]
    with pytest.raises(Misdirected, match="LOCAL_JSON_MODE=json_object"):
        wire.ask("local", Reply(422, {"detail": detail}), f"parameter {next(names)}")


@pytest.mark.parametrize("sdk", SDKS)
def test_a_refusal_that_every_mail_meets_from_the_first_on_stops_the_run_though_nobody_knows_it(
    wire: Wire, sdk: str
) -> None:
    errors = all_at_once(wire, sdk, Reply(400, complaint(sdk, 400, "Something that is in no table.")))
    kinds = Counter(type(error) for error in errors)
    assert (len(wire.requests), kinds[RequestRejected], kinds[Misdirected]) == (3, 3, 17)


def test_a_mail_that_is_refused_after_others_were_answered_is_refused_alone(wire: Wire) -> None:
    gateway = wire.gateway("openai", Reply(body=good("openai")))
    wire.on(gateway, "openai", f"first {next(names)}")
    wire.adapters.far_side.reply = Reply(400, complaint("openai", 400, "Invalid mail."))
    for _ in range(5):
        with pytest.raises(RequestRejected):
            wire.on(gateway, "openai", f"bad {next(names)}")


@pytest.mark.parametrize("status", [401, 402])
@pytest.mark.parametrize("sdk", BY_KEY)
def test_one_finds_out_that_a_key_is_of_no_use(wire: Wire, sdk: str, status: int) -> None:
    errors = all_at_once(wire, sdk, Reply(status, complaint(sdk, status, "No.")), keys=("k-one", "k-two"))
    assert {type(error) for error in errors} == {KeyRejected if status == 401 else OutOfFunds}
    assert len(wire.requests) == 2  # one a key


@pytest.mark.parametrize("sdk", SDKS)
def test_once_it_is_known_that_a_key_works_calls_go_at_the_same_time(wire: Wire, sdk: str) -> None:
    answers = all_at_once(wire, sdk, Reply(body=good(sdk)), 12)
    assert [answer.attempts for answer in answers] == [1] * 12


def test_no_access_to_one_model_leaves_the_key_in_use_for_others(wire: Wire) -> None:
    body = complaint("openai", 403, "Project `p` does not have access to model `m`", code="model_not_found")
    gateway = wire.gateway("openai", Reply(403, body))
    with pytest.raises(Misdirected, match="not open to this account"):
        wire.on(gateway, "openai", f"model {next(names)}")
    wire.adapters.far_side.reply = Reply(body=good("openai"))
    assert wire.on(gateway, "openai", f"model {next(names)}").attempts == 1


@pytest.mark.parametrize("sdk", BY_KEY)
def test_a_spend_cap_is_the_accounts_and_says_until_when(wire: Wire, sdk: str) -> None:
    said = "You have reached your specified API usage limits. You will regain access on 2099-12-01 at 00:00 UTC."
    with pytest.raises(OutOfFunds, match="until 2099-12-01 00:00 UTC"):
        wire.ask(sdk, Reply(400, complaint(sdk, 400, said)), f"cap {next(names)}")


@pytest.mark.parametrize("sdk", SDKS)
def test_how_long_a_wait_is_stands_in_the_text(wire: Wire, sdk: str) -> None:
    with pytest.raises(RateLimited, match="for 60 min"):
        wire.ask(sdk, Reply(429, complaint(sdk, 429, "Slow."), {"retry-after": "3600"}), f"hour {next(names)}")
    assert len(wire.requests) == 1
    said = "Rate limit reached for gpt on tokens per min. Please try again in 7m12s. Visit us."
    with pytest.raises(RateLimited) as caught:
        wire.ask(sdk, Reply(429, complaint(sdk, 429, said)), f"words {next(names)}")
    assert caught.value.retry_after_s == 432


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (429, RateLimited),
        ("429", RateLimited),
        ("rate_limit_exceeded", RateLimited),
        (402, OutOfFunds),
        (401, KeyRejected),
    ],
)
@pytest.mark.parametrize("sdk", BY_KEY)
def test_an_error_object_under_status_200_counts_as_what_it_says(wire: Wire, sdk: str, code: Any, error: Any) -> None:
    for body in (
        {"error": {"message": "Provider returned error", "code": code}},
        [{"error": {"message": "m", "code": code}}],
    ):
        with pytest.raises(error):
            wire.ask(sdk, Reply(body=body), f"under 200 {next(names)}")


@pytest.mark.parametrize("sdk", SDKS)
def test_an_error_body_that_is_a_list_is_read(wire: Wire, sdk: str) -> None:
    body = [{"error": {"code": 400, "message": "Your credit balance is too low", "status": "INVALID_ARGUMENT"}}]
    with pytest.raises(OutOfFunds):
        wire.ask(sdk, Reply(400, body), f"list {next(names)}")


def blind(sdk: str, status: int, said: str) -> Any:
    def reply(request: Request) -> Reply:
        shown = "iVBOR" in json.dumps(request.body)
        return Reply(status, complaint(sdk, status, said)) if shown else Reply(body=good(sdk))

    return reply


BLIND = [
    (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    (400, "Invalid content type. image_url is only supported by certain models."),
    (400, "This model does not support image input."),
]


@pytest.mark.parametrize(("status", "said"), BLIND)
@pytest.mark.parametrize("sdk", SDKS)
def test_a_picture_that_a_model_does_not_take_is_left_out_and_named(
    wire: Wire, sdk: str, status: int, said: str
) -> None:
    gateway = wire.gateway(sdk, blind(sdk, status, said))
    first = wire.on(gateway, sdk, f"picture {next(names)}", WITH_PICTURE)
    second = wire.on(gateway, sdk, f"picture {next(names)}", WITH_PICTURE)
    assert (first.value, first.unsent, first.attempts) == (QUESTION.answer.model_validate_json(TEXT), ("photo.png",), 2)
    assert (second.unsent, second.attempts) == (("photo.png",), 1)  # it was found out
    assert wire.breakers._of(provider_of(sdk)).failures == 0


def test_a_refusal_of_media_where_none_were_sent_is_the_mails(wire: Wire) -> None:
    with pytest.raises(MediaRefused):
        wire.ask("local", Reply(500, complaint("local", 500, BLIND[0][1])), f"no picture {next(names)}")


@pytest.mark.parametrize("sdk", SDKS)
def test_a_server_error_that_one_mail_alone_meets_word_for_word_is_that_mails(wire: Wire, sdk: str) -> None:
    poison = f"poison {next(names)}"

    def reply(request: Request) -> Reply:
        bad = poison in json.dumps(request.body)
        return Reply(500, complaint(sdk, 500, "Cannot tokenize.")) if bad else Reply(body=good(sdk))

    gateway = wire.gateway(sdk, reply)

    async def story() -> Any:
        asked = [about(gateway, sdk, name) for name in (poison, *(f"good {next(names)}" for _ in range(6)))]
        return await asyncio.gather(*asked, return_exceptions=True)

    error, *others = wire.adapters.loop.run(story())
    assert type(error) is RequestRejected
    assert error.sent == 2
    assert not [other for other in others if isinstance(other, CallError)]


def test_an_open_circuit_says_what_opened_it_and_where(wire: Wire) -> None:
    gateway = wire.gateway("openai", Reply(503, complaint("openai", 503, "Busy.")))
    for _ in range(2):
        with pytest.raises(CallError):
            wire.on(gateway, "openai", f"busy {next(names)}")
    with pytest.raises(CircuitOpen) as caught:
        wire.breakers.check("openai")
    assert wire.adapters.address in str(caught.value)
    assert "is overloaded (HTTP 503" in str(caught.value)


def test_models_that_think_are_asked_to_think_little(wire: Wire) -> None:
    for sdk, said in (
        ("openai", '"reasoning_effort": "low"'), ("anthropic", '"effort": "low"'),
        ("google-genai", '"thinking_level": "LOW"'), ("google-generativeai", '"thinkingLevel": "low"'),
    ):  # fmt: skip
        wire.ask(sdk, Reply(body=good(sdk)), f"effort {next(names)}")
        assert said.lower().replace("_l", "l") in json.dumps(wire.requests[0].body).lower().replace("_l", "l"), sdk


@pytest.mark.parametrize("sdk", SDKS)
def test_a_server_that_is_away_is_not_taken_for_a_mails_own_fault(wire: Wire, sdk: str) -> None:
    with pytest.raises(ServerFault):
        wire.ask(sdk, Reply(500, complaint(sdk, 500, "Down.")), f"down {next(names)}")
    assert len(wire.requests) == 4


@pytest.mark.parametrize("sdk", SDKS)
def test_media_that_an_operator_turned_off_are_never_sent_and_named(wire: Wire, sdk: str) -> None:
    gateway = wire.gateway(sdk, Reply(body=good(sdk)), media=False)
    answer = wire.on(gateway, sdk, f"no media {next(names)}", WITH_PICTURE)
    assert (answer.unsent, answer.attempts) == (("photo.png",), 1)
    assert "iVBOR" not in json.dumps(wire.requests[0].body)


@pytest.mark.parametrize("sdk", [sdk for sdk in SDKS if sdk != "local"])
def test_money_is_set_aside_by_the_tokens_that_the_provider_makes_of_a_text(wire: Wire, sdk: str) -> None:
    gateway, link = wire.gateway(sdk, Reply(body=good(sdk))), link_of(sdk)
    asked = asked_tokens(QUESTION, link.provider)
    assert asked == pytest.approx(question_tokens(QUESTION) * sheet_of(link.provider).estimate_factor, abs=1)
    most = answer_tokens(QUESTION, gateway._clients.of(link.provider).account, traits(link.provider, link.model))
    assert gateway.prices(QUESTION, link)[0] == worst_price(link.provider, link.model, asked, most)
