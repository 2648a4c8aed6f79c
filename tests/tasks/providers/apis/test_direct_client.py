"""Requests go to the given address, through the configured proxy, and nowhere else."""

from __future__ import annotations

import gzip
import json

import pytest

from tasks.errors import CallError
from tests.services.http_sink import HttpSink
from tests.tasks.providers.far_side import SDKS, TEXT, Adapters, Reply, good

DIRECT = ("openai", "anthropic")


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_mail_and_a_key_do_not_follow_a_redirect(
    adapters: Adapters, http_sink: HttpSink, sdk: str, status: int
) -> None:
    with pytest.raises(CallError) as raised:
        adapters.ask(sdk, Reply(status=status, headers={"location": f"{http_sink.url}/elsewhere"}))
    assert raised.value.status == status
    assert http_sink.posts == []


@pytest.mark.parametrize("sdk", DIRECT)
def test_the_proxy_of_the_environment_is_used(adapters: Adapters, monkeypatch: pytest.MonkeyPatch, sdk: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", adapters.address)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    answer = adapters.ask(sdk, Reply(body=good(sdk)), address="http://provider.invalid")
    assert answer.text == TEXT
    assert adapters.asked.path.startswith("http://provider.invalid/v1/")


@pytest.mark.parametrize("sdk", DIRECT)
def test_a_compressed_reply_is_read(adapters: Adapters, sdk: str) -> None:
    packed = gzip.compress(json.dumps(good(sdk)).encode())
    answer = adapters.ask(sdk, Reply(body=packed, headers={"content-encoding": "gzip"}))
    assert answer.text == TEXT
    assert "gzip" in adapters.asked.headers["accept-encoding"]


@pytest.mark.parametrize("sdk", DIRECT)
def test_a_client_is_of_use_after_a_reply_was_given_up_midway(adapters: Adapters, sdk: str) -> None:
    with pytest.raises(CallError):
        adapters.ask(sdk, Reply(body=good(sdk), then="dribble"), timeout=0.3)
    assert adapters.ask(sdk, Reply(body=good(sdk)), timeout=0.3).text == TEXT
