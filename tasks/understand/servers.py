"""What the operator's own servers tell of themselves, and what follows for a run: mails are cut to fit."""

from __future__ import annotations

import logging

from tasks.frames import ANALYSES
from tasks.providers.apis.adapters import server_facts
from tasks.providers.catalogue.accounts import Accounts
from tasks.providers.catalogue.sheets import sheet_of
from tasks.providers.catalogue.tokens import asked_tokens
from tasks.settings import Settings
from tasks.understand.connect import chain_of
from tasks.understand.understand import analysis_question

log = logging.getLogger("mailroom.understand")

_REPAIR = 400
"""Tokens of an ordinary bad answer and what is said of it, which a second question holds as well."""
_LEAST = 100
_NO_MAIL = {
    "message_key": "0" * 64, "sender": "", "subject": "", "date": "", "text": "", "attachments": (), "media": (),
}  # fmt: skip


def fitted_to_servers(settings: Settings) -> Settings:
    """The settings, with no more of a mail in one question than the smallest server of the chain has room for."""
    accounts, most = Accounts(), settings.max_input_tokens
    for provider in chain_of(settings):
        context = server_facts(provider, accounts.of(provider)).context_tokens
        if context is None:
            continue
        room = room_for_mail(context, provider, accounts.of(provider).max_tokens)
        if room < _LEAST:
            log.warning(
                "`%s` holds %d tokens, which is hardly more than questions and answers need: give its server a longer "
                "context, or lower `%s`.", provider, context, sheet_of(provider).variable("max_tokens"),
            )  # fmt: skip
        elif room < most:
            log.info("`%s` holds %d tokens, so a question has %d of a mail at most.", provider, context, room)
        most = min(most, max(room, _LEAST))
    return settings if most == settings.max_input_tokens else settings.model_copy(update={"max_input_tokens": most})


def room_for_mail(context_tokens: int, provider: str, max_tokens: int) -> int:
    """Tokens of a mail, as we estimate them, that fit in beside the longest question's own words and its answer."""
    question = analysis_question(_NO_MAIL, frozenset(ANALYSES), "Traditional Chinese (zh-Hant)")
    left = context_tokens - max_tokens - _REPAIR - asked_tokens(question, provider)
    return int(left / sheet_of(provider).estimate_factor)
