"""Any OpenAI-compatible endpoint near the data: no key needed, nothing to pay."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.providers.catalogue.openai_sheet import CHAT_MEDIA
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.catalogue.sheet import Sheet, Traits


class LocalAccount(ProviderAccount):
    """A server of the operator's own: what it can do is found out where it is not said."""

    prefixes = ("LOCAL_",)
    # A server on one machine may take minutes per call, and processes one or two at a time.
    timeout: float = Field(600.0, gt=0, description="Seconds for one request, from connecting to the last byte.")
    concurrency: int | None = Field(
        None, ge=1, le=1_000, description="Calls in flight to this server, a process; null is its slots, or 2."
    )
    json_mode: Literal["auto", "json_schema", "json_object"] = Field(
        "auto", description="`json_object` for servers that cannot hold an answer to a schema; `auto` finds out."
    )


LOCAL = Sheet(
    name="local",
    account=LocalAccount,
    apis={"openai": "tasks.providers.apis.openai_chat:OpenAIChat"},
    address=None,
    models={},
    # What is served is not known; images are passed on, since most such servers take them.
    families={"": Traits(media=frozenset({"image"}))},
    media=CHAT_MEDIA,
    dialect="grammar",
    price_list=None,
    estimate_factor=1.3,
    needs_key=False,
    schema_in_words=True,
    look="tasks.providers.apis.local_server:look",
    calls_at_once=2,
    limit_name="max_tokens",  # servers of the older API know no other
)
