"""All faults of calls in one table: each row has the message and the error class for one fault.

Rows with statuses are matched against a provider's reply from top to bottom; the first match counts. Rows without
statuses are chosen by the adapters. What an error concerns follows from its body, or else from its status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.errors import (
    BadAnswer,
    CallError,
    CutAnswer,
    KeyRejected,
    MediaRefused,
    Misdirected,
    OutOfFunds,
    Overloaded,
    RateLimited,
    Refused,
    RequestRejected,
    ServerFault,
    TimedOut,
    TooLong,
    Unreachable,
)
from tasks.providers.apis.error_bodies import ErrorBody


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One row: `error` is raised where the reply fits; `said` completes "Model `…` of `openai` …".

    A reply fits by its status and, where the row has any, by one of its `codes`, by the parameter it complains of, or
    by how its message opens. Only the opening counts, because the rest of a message may quote the mail, and whoever
    wrote the mail must not choose the error. `advice` may hold `{model}`, `{model_variable}`, `{address}`,
    `{address_variable}` and `{parameter_advice}`; empty is the error's own.
    """

    name: str
    error: type[CallError]
    said: str
    statuses: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    opening: str = ""
    parameters: frozenset[str] = frozenset()
    advice: str = ""
    price_unknown: bool = False
    """Whether the call may have been billed although nothing says so."""

    def fits(self, status: int, body: ErrorBody) -> bool:
        """Whether this row matches a reply with this status and body."""
        if status not in self.statuses:
            return False
        if not (self.codes or self.opening or self.parameters):
            return True
        by_words = bool(self.opening) and re.match(self.opening, body.message, re.IGNORECASE) is not None
        root = re.split(r"[.\[]", body.parameter or "", maxsplit=1)[0]
        return by_words or root in self.parameters or not self.codes.isdisjoint(body.codes)


_REFUSALS = frozenset({400, 403, 404, 422})
_OUR_PARAMETERS = frozenset(
    "temperature reasoning_effort max_tokens max_completion_tokens max_output_tokens response_format output_config "
    "thinking generation_config generationConfig system tools model".split()
)
_NAMES = "|".join(sorted(_OUR_PARAMETERS))
_MODEL_ADVICE = (
    "Set `{model_variable}` (asked was `{model}`) or MAILROOM_MODELS to a model that this account may use; the mails "
    "stay to be taken up by the next run."
)
_ADDRESS_ADVICE = "Check `{address_variable}` (asked was {address}); the mails stay to be taken up by the next run."

_REACHED = "Check the network and `{address_variable}`; the next run takes these mails up."

# Codes and openings are those of the providers' own pages on errors; "exceed_context_size_error" is llama.cpp's,
# "maximum context length" is OpenAI's and vLLM's.
FAULTS: tuple[Fault, ...] = (
    Fault(
        name="too_long",
        error=TooLong,
        said="does not take a prompt that long",
        statuses=frozenset({400, 413, 422, 429, 500}),
        codes=frozenset({"context_length_exceeded", "exceed_context_size_error", "string_above_max_length"}),
        opening=r"prompt is too long|input length and .max_tokens. exceed|request too large|the input token count"
        r"|request payload size exceeds|[^.\n]{0,40}maximum context length"
        r"|the request exceeds the available context size",
    ),
    Fault(name="too_big", error=TooLong, said="does not take a request that big", statuses=frozenset({413})),
    Fault(
        name="key_invalid",
        error=KeyRejected,
        said="rejected the API key",
        statuses=frozenset({400, 403}),
        codes=frozenset(
            "API_KEY_INVALID API_KEY_EXPIRED API_KEY_SERVICE_BLOCKED invalid_api_key authentication_error".split()
        ),
        opening=r"(?:your )?API key (?:not valid|expired|was reported|is invalid)|invalid (?:api|authentication) key",
    ),
    Fault(
        name="no_credit",
        error=OutOfFunds,
        said="says that the account has no credit",
        statuses=frozenset({400, 403, 429}),
        codes=frozenset(
            "insufficient_quota billing_hard_limit_reached billing_not_active billing_error BILLING_DISABLED".split()
        ),
        opening=r"your credit balance is too low",
    ),
    Fault(
        name="spend_cap",
        error=OutOfFunds,
        said="says that the account has reached its spend limit",
        statuses=frozenset({400, 403, 429}),
        codes=frozenset({"spend_limit_reached", "usage_limit_reached"}),
        opening=r"you have reached your specified (?:workspace )?API usage limits"
        r"|(?:your|this|the) (?:account|organization|project|workspace|key|team)[^.'\"\n]{0,40}"
        r" (?:spend(?:ing)?|budget) limit",
        advice="Raise the account's spend limit, wait until it ends, or add another key or a fall-back provider.",
    ),
    Fault(
        name="not_served",
        error=Misdirected,
        said="is not offered where these requests come from",
        statuses=frozenset({400, 403}),
        codes=frozenset({"FAILED_PRECONDITION", "unsupported_country_region_territory"}),
        opening=r"(?:user location|country|region)[^.\n]{0,60}not supported",
        advice="The provider does not serve this country; ask from another place, or choose another provider.",
    ),
    Fault(
        name="no_model",
        error=Misdirected,
        said="is not there, or not open to this account",
        statuses=_REFUSALS | {410},
        codes=frozenset({"model_not_found", "model_not_available", "model_decommissioned"}),
        opening=r"the model [^\n]{1,100}(?:does not exist|not found|deprecated|decommissioned)"
        r"|model:? [^\n]{1,100}(?:not found|not exist)|model: ?\S{1,100}$"
        r"|models/[^\n]{1,100} is not (?:found|supported)|project [^\n]{1,60} does not have access to model",
        advice=_MODEL_ADVICE,
    ),
    Fault(
        name="flagged",
        error=Refused,
        said="declined for safety reasons",
        statuses=frozenset({400, 403}),
        codes=frozenset({"content_filter", "content_policy_violation", "invalid_prompt"}),
        opening=r"output blocked by content filtering policy",
    ),
    Fault(
        name="no_media",
        error=MediaRefused,
        said="takes no such media",
        statuses=frozenset({400, 404, 415, 422, 500, 501}),
        opening=r"[^\n]{0,120}\b(?:images?|image_url|audio|video|pdf|documents?|media|multi-?modal|vision)\b[^\n]{0,60}"
        r"(?:not (?:be )?supported|unsupported|not support|only supported|not enabled|not available|not allowed|"
        r"may be provided)"
        r"|[^\n]{0,60}\b(?:not support|unsupported|no support for|cannot (?:read|process|accept))[^\n]{0,40}"
        r"\b(?:images?|image_url|audio|video|pdf|documents?|media|multi-?modal|vision)\b",
    ),
    Fault(
        name="bad_parameter",
        error=Misdirected,
        said="does not take a parameter that every request has",
        statuses=frozenset({400, 404, 422}),
        codes=frozenset("unsupported_parameter unsupported_value unknown_parameter invalid_json_schema".split()),
        parameters=_OUR_PARAMETERS,
        opening=rf"(?:unsupported|unrecognized|unknown|invalid)(?: [a-z]+){{0,4}}:? ['\"`]?(?:{_NAMES})\b"
        rf"|(?:{_NAMES})\b[\w.\[\]]*: |invalid schema for|(?:failed to (?:parse|initialize)|invalid) grammar"
        r"|json schema conversion failed|invalid json payload received\. unknown name"
        r"|thinking (?:level|budget)[^\n]{0,40} not supported"
        r"|unrecognized request argument",
        advice="{parameter_advice}; the mails stay to be taken up by the next run.",
    ),
    Fault(name="unpaid", error=OutOfFunds, said="asks for payment", statuses=frozenset({402})),
    Fault(name="unauthorized", error=KeyRejected, said="rejected the API key", statuses=frozenset({401})),
    Fault(
        name="forbidden",
        error=Misdirected,
        said="does not allow this request",
        statuses=frozenset({403}),
        advice="Give the account of the key the right to use `{model}`, choose another by `{model_variable}`, or check "
        "what stands between here and {address}.",
    ),
    Fault(
        name="elsewhere",
        error=Misdirected,
        said="sends requests to another address, which is not followed",
        statuses=frozenset(range(300, 400)),
        advice=_ADDRESS_ADVICE,
    ),
    Fault(
        name="no_path",
        error=Misdirected,
        said="knows no such path",
        statuses=frozenset({404, 405, 410, 426, 501}),
        advice=_ADDRESS_ADVICE,
    ),
    Fault(
        name="request_timeout",
        error=TimedOut,
        said="gave up waiting for the request",
        statuses=frozenset({408}),
        price_unknown=True,
    ),
    # Another request holds a lock over there: what the SDKs' own retries count as passing, too.
    Fault(name="conflict", error=Overloaded, said="reports a conflict", statuses=frozenset({409})),
    Fault(
        name="day_quota",
        error=RateLimited,
        said="says that the quota of the day is used up",
        statuses=frozenset({429}),
        codes=frozenset({"PER_DAY"}),
        opening=r"[^\n]{0,200}(?:per day|\((?:RPD|TPD)\))",
        advice="Wait for the next day, raise the account's quota, or add a fall-back provider.",
    ),
    Fault(name="rate_limit", error=RateLimited, said="takes no more requests for now", statuses=frozenset({429})),
    Fault(name="overloaded", error=Overloaded, said="is overloaded", statuses=frozenset({503, 529})),
    Fault(
        name="about_mail",
        error=RequestRejected,
        said="was refused",
        statuses=frozenset({422}),
        parameters=frozenset({"messages", "contents", "input"}),
    ),
    Fault(
        name="unprocessable",
        error=Misdirected,
        said="does not take requests of this form",
        statuses=frozenset({422}),
        advice="{parameter_advice}; the mails stay to be taken up by the next run.",
    ),
    Fault(name="rejected", error=RequestRejected, said="was refused", statuses=frozenset(range(400, 500))),
    Fault(
        name="gateway_timeout",
        error=ServerFault,
        said="was not answered in time behind its gateway",
        statuses=frozenset({504}),
        price_unknown=True,
    ),
    Fault(name="server_error", error=ServerFault, said="failed", statuses=frozenset(range(500, 600))),
    # No reply, or none that could be read.
    Fault(name="connect_timeout", error=TimedOut, said="could not be reached in time", advice=_REACHED),
    Fault(name="read_timeout", error=TimedOut, said="fell silent", price_unknown=True),
    Fault(name="call_timeout", error=TimedOut, said="did not finish in time", price_unknown=True),
    Fault(name="unreachable", error=Unreachable, said="could not be reached", advice=_REACHED),
    Fault(name="cut_off", error=Unreachable, said="broke the connection off", price_unknown=True),
    Fault(name="no_answer", error=ServerFault, said="sent something that is no answer of its API", price_unknown=True),
    Fault(name="no_choice", error=ServerFault, said="sent an answer without content", price_unknown=True),
    # Of a batch API that takes no name for a batch: whose it is shows when it has ended.
    Fault(name="not_told_apart", error=Overloaded, said="has a batch under way that may be ours or another's"),
    Fault(name="not_asked", error=RequestRejected, said="could not be asked"),
    # An answer came and was billed, but is of no use.
    Fault(name="empty", error=BadAnswer, said="gave an empty answer"),
    Fault(name="cut", error=CutAnswer, said="reached its token limit"),
    Fault(name="window_full", error=TooLong, said="filled its window before the answer was done"),
    Fault(name="refusal", error=Refused, said="declined for safety reasons"),
    Fault(
        name="recitation",
        error=Refused,
        said="stopped because its answer repeats a protected text",
        advice="Read the mail yourself, or let another provider read it.",
    ),
)
NAMED = {fault.name: fault for fault in FAULTS}
