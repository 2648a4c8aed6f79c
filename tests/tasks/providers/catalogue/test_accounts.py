"""The providers' accounts: where values come from, which one wins, and that secrets are never shown."""

from __future__ import annotations

import json
import traceback
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import Misconfigured
from tasks.providers.catalogue import secret_stores as vaults
from tasks.providers.catalogue.accounts import Accounts

CANARY = "sk-canary-Zx81kQ"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def keys(provider: str) -> list[str]:
    return [key.get_secret_value() for key in Accounts().require(provider).keys]


def test_a_provider_without_a_key_says_which_variable_to_set() -> None:
    with pytest.raises(Misconfigured, match="set `ANTHROPIC_API_KEY` in the environment"):
        Accounts().require("anthropic")


def test_a_local_provider_needs_an_address_and_a_model_but_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_BASE_URL", "http://127.0.0.1:11434/v1/")
    with pytest.raises(Misconfigured, match="`LOCAL_MODEL`"):
        Accounts().require("local")
    monkeypatch.setenv("LOCAL_MODEL", "llama3.2")
    account = Accounts().require("local")
    assert (account.base_url, account.keys) == ("http://127.0.0.1:11434/v1", ())


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("anthropic", "CLAUDE_API_KEY"), ("gemini", "GOOGLE_API_KEY"), ("openai", "OPENAI_API_KEY")],
)
def test_every_prefix_of_a_provider_counts(monkeypatch: pytest.MonkeyPatch, provider: str, variable: str) -> None:
    monkeypatch.setenv(variable, f" {CANARY}\n")
    assert keys(provider) == [CANARY]


def test_the_first_prefix_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_MODEL", "second")
    monkeypatch.setenv("ANTHROPIC_MODEL", "first")
    assert Accounts().of("anthropic").model == "first"


@pytest.mark.parametrize("several", ["k2,k1 , k3", "k2\nk1\nk3\n", '["k2", "k1", "k3"]'])
def test_several_keys_are_each_kept_once_the_single_one_first(monkeypatch: pytest.MonkeyPatch, several: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k1")
    monkeypatch.setenv("OPENAI_API_KEYS", several)
    assert keys("openai") == ["k1", "k2", "k3"]


def test_the_environment_wins_over_a_file_and_a_file_over_a_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("openai_api_key", "openai_model", "openai_max_tokens"):
        (secrets / name).write_text("77" if name.endswith("tokens") else "of-the-secret")
    (tmp_path / ".env").write_text("OPENAI_API_KEY=of-the-file\nOPENAI_MODEL=of-the-file\n")
    monkeypatch.setenv("MAILROOM_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    account = Accounts().require("openai")
    assert keys("openai") == ["of-the-environment"]
    assert (account.model, account.max_tokens) == ("of-the-file", 77)


def test_a_temperature_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Accounts().of("openai").temperature == 0.7
    monkeypatch.setenv("OPENAI_TEMPERATURE", "none")
    assert Accounts().of("openai").temperature is None


@pytest.mark.parametrize(
    ("variable", "value", "right"),
    [
        ("OPENAI_TEMPERATURE", f"hot {CANARY}", "should be a valid number"),
        ("OPENAI_MAX_TOKENS", "0", "should be greater than or equal to 1"),
        ("OPENAI_BASE_URL", f"{CANARY}.example", "must be a web address that begins with http:// or https://"),
        ("OPENAI_API_KEY", f"{CANARY} twice", "must be one line of plain characters"),
        ("OPENAI_API_KEYS", f'["{CANARY}"', "must be keys separated by commas, or a JSON list of strings"),
    ],
)
def test_a_bad_value_is_named_by_its_variable_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, right: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Misconfigured) as raised:
        Accounts().of("openai")
    assert f"`{variable}` {right}" in str(raised.value)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_what_tasks_are_given_holds_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEYS", f"{CANARY},{CANARY}-2")
    accounts = Accounts()
    account = accounts.account("openai")
    assert account.keys == 2
    for shown in (repr(account), repr(accounts), repr(accounts.of("openai")), str(accounts.of("openai").model_dump())):
        assert CANARY not in shown


def test_an_unknown_provider_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="choose one of openai, anthropic, gemini, local"):
        Accounts().of("acme")


def test_a_prefect_secret_block_is_looked_for_last(prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.blocks.system import Secret

    Secret(value="k1, k2").save("openai-api-key", overwrite=True, _sync=True)  # type: ignore[call-arg]
    assert keys("openai") == ["k1", "k2"]
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    assert keys("openai") == ["of-the-environment"]
    Secret.delete("openai-api-key", _sync=True)  # type: ignore[call-arg]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a Secrets Manager on loopback; the code under test finds it as it would find the real one."""
    boto3 = pytest.importorskip("boto3", reason="the extra `aws` is not installed")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    reset = urllib.request.Request(f"http://{host}:{port}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset).close()  # what it was told is kept by the process, not by the server
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "MAILROOM_AWS_SECRET": "mailroom",
    }.items():
        monkeypatch.setenv(name, value)
    vaults._fetch.cache_clear()
    yield boto3.client("secretsmanager")
    vaults._fetch.cache_clear()
    server.stop()


def test_a_secret_of_aws_holds_what_the_environment_does_not(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"OPENAI_API_KEY": "of-aws", "openai_model": "of-aws"}
    aws.create_secret(Name="mailroom", SecretString=json.dumps(values))
    monkeypatch.setenv("OPENAI_MODEL", "of-the-environment")
    assert keys("openai") == ["of-aws"]
    assert Accounts().of("openai").model == "of-the-environment"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read: ResourceNotFoundException"), (f"[{CANARY}", "must be a JSON object")]
)
def test_a_secret_of_aws_that_is_of_no_use_is_said(aws: Any, content: str | None, said: str) -> None:
    if content is not None:
        aws.create_secret(Name="mailroom", SecretString=content)
    with pytest.raises(Misconfigured, match=said) as raised:
        Accounts().of("openai")
    assert "`mailroom`" in str(raised.value)
    assert CANARY not in str(raised.value)
