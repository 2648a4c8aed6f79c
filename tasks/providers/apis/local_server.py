"""What a server near the data tells of itself: how many calls it works on at a time, and how much text it can hold."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import httpx2

from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import ServerFacts

_PATIENCE_S = 3.0
_OLLAMA_CONTEXT = 4_096
"""What Ollama gives a model whose own file and whose runner say nothing, however much the model could hold."""
_NUM_CTX = re.compile(r"^\s*num_ctx\s+(\d+)", re.MULTILINE)


def look(account: ProviderAccount) -> ServerFacts:
    """What the account's server tells: llama.cpp at `/props`, Ollama at `/api/show`, vLLM and others at `/models`.

    Nothing is known of a server that is not there or tells nothing; no model is asked anything.
    """
    base = (account.base_url or "").rstrip("/")
    root, model = base.removesuffix("/v1"), account.model or ""
    headers = {"authorization": f"Bearer {account.keys[0].get_secret_value()}"} if account.keys else {}
    with suppress(httpx2.HTTPError), httpx2.Client(timeout=_PATIENCE_S, headers=headers) as client:
        return _llama_cpp(client, root) or _ollama(client, root, model) or _listed(client, base, model) or ServerFacts()
    return ServerFacts()


def _llama_cpp(client: httpx2.Client, root: str) -> ServerFacts | None:
    told = _object(client.get(f"{root}/props"))
    context = _count(_dict(told.get("default_generation_settings")).get("n_ctx"))  # of a slot, not of all together
    slots = _count(told.get("total_slots"))
    return ServerFacts(slots=slots, context_tokens=context) if slots or context else None


def _ollama(client: httpx2.Client, root: str, model: str) -> ServerFacts | None:
    told = _object(client.post(f"{root}/api/show", json={"model": model}))
    if "model_info" not in told and "parameters" not in told:
        return None
    longest = next(
        (_count(value) for name, value in _dict(told.get("model_info")).items() if name.endswith(".context_length")),
        None,
    )
    named = _NUM_CTX.search(str(told.get("parameters") or ""))
    running = _object(client.get(f"{root}/api/ps")).get("models")
    loaded = (_count(_dict(one).get("context_length")) for one in running or () if _dict(one).get("name") == model)
    # It cuts a longer prompt without a word, so the smallest that may hold is the one to count on.
    holds = (int(named[1]) if named else None) or next(loaded, None) or _OLLAMA_CONTEXT
    return ServerFacts(context_tokens=min(holds, longest or holds))


def _listed(client: httpx2.Client, base: str, model: str) -> ServerFacts | None:
    served = _object(client.get(f"{base}/models")).get("data")
    for one in map(_dict, served if isinstance(served, list) else ()):
        context = _count(one.get("max_model_len")) or _count(one.get("context_length"))
        if one.get("id") == model and context:
            return ServerFacts(context_tokens=context)
    return None


def _object(reply: httpx2.Response) -> dict[str, Any]:
    """The object in a reply; empty where it is none, as of a server that knows no such path."""
    with suppress(ValueError):
        return _dict(reply.json()) if reply.is_success else {}
    return {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
