"""The simulator's process: its address, its counters, its log, and its end."""

import asyncio
import json
import signal
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest


@pytest.fixture(scope="module")
def running(start_simulator: Callable[..., Any]) -> Any:
    return start_simulator("--keys", "sk-accepted", "--log-level", "debug")


@pytest.fixture
def fresh(running: Any) -> Any:
    """A simulator whose counts are at zero."""
    urllib.request.urlopen(urllib.request.Request(f"{running.url}/reset", method="POST")).close()
    return running


def client_of(url: str, key: str = "sk-accepted") -> openai.OpenAI:
    return openai.OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0)


def ask(client: openai.OpenAI, text: str, model: str = "gpt-5-mini") -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])


def test_counts_are_those_of_the_answers_by_provider_and_model(fresh: Any, triage_of: Callable[..., str]) -> None:
    client = client_of(fresh.url)
    usages = [ask(client, triage_of("hello", key=str(n) * 16), model).usage for n, model in enumerate("aab")]
    with pytest.raises(openai.AuthenticationError):
        ask(client_of(fresh.url, "sk-unknown"), "hello")
    stats = fresh.stats()
    models = stats["providers"]["openai"]["models"]
    assert [models[name]["answered"] for name in "ab"] == [2, 1]
    assert models["a"]["input_tokens"] == sum(usage.prompt_tokens for usage in usages[:2])
    assert models["a"]["output_tokens"] == sum(usage.completion_tokens for usage in usages[:2])
    assert stats["total"]["requests"] == 4
    assert stats["total"]["refused"] == {"401": 1}
    assert stats["mails"] == 3
    assert fresh.stats("?mails")["mail_tags"] == {"0" * 12: 1, "1" * 12: 1, "2" * 12: 1}


def test_connections_are_counted_once_however_many_requests_they_carry(fresh: Any) -> None:
    client = client_of(fresh.url)
    for n in range(5):
        ask(client, f"question {n}")
    assert fresh.stats()["total"]["connections"] == 1


def test_a_reset_brings_all_counts_to_zero(fresh: Any) -> None:
    ask(client_of(fresh.url), "hello")
    urllib.request.urlopen(urllib.request.Request(f"{fresh.url}/reset", method="POST")).close()
    stats = fresh.stats()
    assert (stats["total"]["requests"], stats["mails"], stats["providers"]) == (0, 0, {})


def test_the_log_names_the_sdk_that_asked_and_never_the_mail(fresh: Any) -> None:
    ask(client_of(fresh.url), "a very private sentence")
    log = fresh.log.read_text()
    assert "openai is asked by OpenAI/Python" in log
    assert "200 POST /v1/chat/completions by OpenAI/Python" in log
    assert "private" not in log


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/v1/embeddings", {"type": "invalid_request_error"}),
        ("/v1/messages/unknown", {"type": "not_found_error"}),
        ("/v1beta/models/gemini:embedContent", {"status": "NOT_FOUND"}),
    ],
)
def test_an_unknown_path_is_refused_in_the_provider_s_own_shape(fresh: Any, path: str, error: dict[str, str]) -> None:
    reply = httpx.post(fresh.url + path, json={})
    assert reply.status_code == 404
    assert error.items() <= reply.json()["error"].items()


def test_answers_take_the_latency_side_by_side(start_simulator: Callable[..., Any]) -> None:
    slow = start_simulator("--latency-ms", "300")
    client = openai.AsyncOpenAI(api_key="k", base_url=f"{slow.url}/v1", max_retries=0)

    async def ask_all() -> float:
        began = asyncio.get_running_loop().time()
        questions = (
            client.chat.completions.create(model="m", messages=[{"role": "user", "content": str(n)}]) for n in range(20)
        )
        await asyncio.gather(*questions)
        return asyncio.get_running_loop().time() - began

    # Twenty in a row would take six seconds.
    assert 0.3 <= asyncio.run(ask_all()) < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_though_clients_hold_connections(
    start_simulator: Callable[..., Any], number: signal.Signals
) -> None:
    ending = start_simulator()
    with httpx.Client() as client:
        assert client.get(f"{ending.url}/health").json() == {"status": "ok"}
        ending.process.send_signal(number)
        assert ending.process.wait(10) == 0


def test_a_port_that_is_taken_is_an_error_that_names_it(start_simulator: Callable[..., Any], fresh: Any) -> None:
    port = fresh.url.rpartition(":")[2]
    with pytest.raises(AssertionError, match=f"Port {port} on 127.0.0.1 cannot be had"):
        start_simulator("--port", port)


def test_stats_are_json_with_every_count(fresh: Any) -> None:
    with urllib.request.urlopen(f"{fresh.url}/stats") as reply:
        total = json.load(reply)["total"]
    assert set(total) == {
        "requests", "answered", "refused", "input_tokens", "output_tokens", "cached_tokens", "stored_tokens",
        "connections",
    }  # fmt: skip
