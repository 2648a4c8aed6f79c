"""A run over a server of the operator's own: as many calls as it has slots, and no more of a mail than it can hold."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.event_loop import on_model_loop
from tasks.runs import Run
from tasks.settings import Settings
from tasks.understand.connect import gateway_for, slots_of
from tasks.understand.servers import fitted_to_servers, room_for_mail
from tests.tasks.providers.far_side import FarSide, Reply


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarSide]:
    far_side = FarSide()
    on_model_loop(far_side.start())
    monkeypatch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{far_side.port}/v1")
    monkeypatch.setenv("LOCAL_MODEL", "m")
    yield far_side
    on_model_loop(far_side.stop())


def props(slots: int, context: int) -> Reply:
    return Reply(body={"total_slots": slots, "default_generation_settings": {"n_ctx": context}})


def test_a_mail_is_cut_to_what_the_server_can_hold_beside_question_and_answer(server: FarSide) -> None:
    server.reply = props(2, 6_144)
    most = fitted_to_servers(Settings(provider="local")).max_input_tokens
    assert most == room_for_mail(6_144, "local", 1_000)
    assert 2_000 < most < 4_144
    assert fitted_to_servers(Settings(provider="local", max_input_tokens=500)).max_input_tokens == 500


def test_a_server_that_tells_nothing_and_one_that_holds_enough_change_nothing(server: FarSide) -> None:
    settings = Settings(provider="local")
    for reply in (Reply(404, b"no"), props(2, 131_072)):
        server.reply = reply
        assert fitted_to_servers(settings) == settings


def test_the_smallest_server_of_a_chain_counts_and_a_provider_that_is_none_is_left_alone(server: FarSide) -> None:
    server.reply = props(2, 6_144)
    settings = Settings(provider="openai", fallbacks=("local",))
    assert fitted_to_servers(settings).max_input_tokens < 4_144
    assert fitted_to_servers(Settings(provider="openai")) == Settings(provider="openai")


def test_a_server_with_hardly_any_room_is_said_to_be_so(server: FarSide, caplog: pytest.LogCaptureFixture) -> None:
    server.reply = props(1, 1_024)
    with caplog.at_level(logging.WARNING, "mailroom"):
        assert fitted_to_servers(Settings(provider="local")).max_input_tokens == 100
    assert "1024 tokens" in caplog.text
    assert "LOCAL_MAX_TOKENS" in caplog.text


@pytest.mark.parametrize(
    ("slots", "own", "at_once", "calls"),
    [(4, None, 50, 4), (4, None, 3, 3), (0, None, 50, 2), (4, "7", 50, 7)],
)
def test_calls_in_flight_are_the_servers_slots_unless_the_operator_says_otherwise(
    server: FarSide, monkeypatch: pytest.MonkeyPatch, tmp_path, slots: int, own: str | None, at_once: int, calls: int
) -> None:
    server.reply = props(slots, 6_144) if slots else Reply(404, b"no")
    if own:
        monkeypatch.setenv("LOCAL_CONCURRENCY", own)
    settings = Settings(provider="local", concurrency=at_once, data_dir=tmp_path)
    assert slots_of(settings, Accounts()) == ({"local": slots} if slots else {})
    gateway = gateway_for(Run(id=f"slots {slots} {own} {at_once}", settings=settings))
    assert gateway._clients.of("local").semaphore._free == calls
