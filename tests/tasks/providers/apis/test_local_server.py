"""What a server near the data tells of itself, in the replies of those that people run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tasks.providers.apis.adapters import server_facts
from tasks.providers.catalogue.local_sheet import LocalAccount
from tasks.providers.catalogue.openai_sheet import OpenAIAccount
from tasks.providers.catalogue.sheet import ServerFacts
from tests.tasks.providers.far_side import Adapters, Reply, Request

PROPS = {"default_generation_settings": {"n_ctx": 6_144, "params": {"n_predict": -1}}, "total_slots": 4}
SHOWN = {"model_info": {"general.architecture": "llama", "llama.context_length": 131_072}, "parameters": 'stop "<|e|>"'}
RUNNING = {"models": [{"name": "x", "context_length": 9}, {"name": "m", "context_length": 8_192}]}
LISTED = {"object": "list", "data": [{"id": "other", "max_model_len": 8}, {"id": "m", "max_model_len": 32_768}]}


def served(**replies: Any) -> Callable[[Request], Reply]:
    """A server that has these paths, with `_` for `/`, and no others."""

    def reply(request: Request) -> Reply:
        name = request.path.strip("/").replace("/", "_")
        return Reply(body=replies[name]) if name in replies else Reply(404, b"404 page not found")

    return reply


@pytest.fixture
def look(adapters: Adapters) -> Callable[..., ServerFacts]:
    def look(reply: Any, **values: Any) -> ServerFacts:
        adapters.far_side.reply = reply
        adapters.far_side.requests.clear()
        return server_facts("local", LocalAccount(base_url=f"{adapters.address}/v1", model="m", **values))

    return look


@pytest.mark.parametrize(
    ("replies", "found"),
    [
        ({"props": PROPS}, ServerFacts(slots=4, context_tokens=6_144)),
        ({"props": {"total_slots": 1}}, ServerFacts(slots=1)),
        ({"api_show": SHOWN}, ServerFacts(context_tokens=4_096)),
        ({"api_show": {**SHOWN, "parameters": "num_ctx                        16384\nstop \"x\""}},
         ServerFacts(context_tokens=16_384)),
        ({"api_show": SHOWN, "api_ps": RUNNING}, ServerFacts(context_tokens=8_192)),
        ({"api_show": {"model_info": {"tiny.context_length": 2_048}}}, ServerFacts(context_tokens=2_048)),
        ({"v1_models": LISTED}, ServerFacts(context_tokens=32_768)),
        ({"v1_models": {"data": [{"id": "m", "context_length": 8_000}]}}, ServerFacts(context_tokens=8_000)),
        ({"v1_models": {"data": [{"id": "m"}]}}, ServerFacts()),
        ({"props": {"total_slots": 0, "default_generation_settings": None}}, ServerFacts()),
        ({"props": {"total_slots": "many"}, "api_show": ["odd"], "v1_models": {"data": [None]}}, ServerFacts()),
        ({"v1_models": {"data": [{"id": "m", "max_model_len": True}]}}, ServerFacts()),
        ({}, ServerFacts()),
    ],
)  # fmt: skip
def test_slots_and_context_are_read_where_a_server_tells_them(look: Any, replies: Any, found: ServerFacts) -> None:
    assert look(served(**replies)) == found


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"oops"),
        Reply(body=b"<html>"),
        Reply(then="hang up first"),
        Reply(301, b"", {"location": "http://x"}),
    ],
)
def test_a_server_that_is_odd_or_not_there_tells_nothing(look: Any, reply: Reply) -> None:
    assert look(reply) == ServerFacts()


def test_a_key_that_is_set_is_sent_as_for_a_question(look: Any, adapters: Adapters) -> None:
    look(served(props=PROPS), api_key="k-1")
    assert adapters.asked.headers["authorization"] == "Bearer k-1"


def test_a_provider_that_is_no_server_of_ours_is_not_asked(adapters: Adapters) -> None:
    adapters.far_side.requests.clear()
    assert server_facts("openai", OpenAIAccount(base_url=f"{adapters.address}/v1")) == ServerFacts()
    assert adapters.far_side.requests == []
