"""How long and how much a call may take."""

from __future__ import annotations

from typing import Any

from tasks.providers.accounts import ProviderAccount
from tasks.providers.models import Traits
from tasks.questions import Question

CONNECT_S = 5.0
"""A connection that takes longer will hardly come; the SDKs' own default."""


def answer_tokens(question: Question[Any], account: ProviderAccount, takes: Traits) -> int:
    """The most tokens the provider may put out: those of the answer, and room for thoughts where the model has them."""
    return (question.max_tokens or account.max_tokens) + takes.thinking_tokens
