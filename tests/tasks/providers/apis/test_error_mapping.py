"""Every fault with every SDK: which error it becomes, and that no error contains the key or the mail."""

from __future__ import annotations

import pickle
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import cloudpickle
import pytest

from tasks import errors
from tasks.errors import CallError
from tasks.providers.apis.error_bodies import read_error_body
from tasks.providers.apis.error_mapping import FAULTS
from tests.tasks.providers.far_side import KEY, MAIL, SDKS, TEXT, Adapters, Reply, complaint, good, provider_of

ROWS = {fault.name: fault for fault in FAULTS}
CANARY = f"Bad key {KEY} in a mail that says: {MAIL}"

# What the statuses mean whatever else the reply says.
STATUSES = {
    302: "elsewhere",
    400: "rejected",
    401: "unauthorized",
    402: "unpaid",
    403: "forbidden",
    404: "no_path",
    408: "request_timeout",
    409: "conflict",
    413: "too_big",
    422: "unprocessable",
    429: "rate_limit",
    500: "server_error",
    502: "server_error",
    503: "overloaded",
    504: "gateway_timeout",
    529: "overloaded",
}

# What particular replies mean: row, SDK, status, code, message.
SPECIAL = [
    ("too_long", "openai", 400, "context_length_exceeded", "Your input exceeds the context window of this model."),
    ("too_long", "openai", 400, "", "This model's maximum context length is 128000 tokens."),
    ("too_long", "openai", 429, "tokens", "Request too large for gpt-6-luna on tokens per min (TPM)."),
    ("too_long", "local", 400, "exceed_context_size_error", "the request exceeds the available context size"),
    ("too_long", "local", 400, "", "This model's maximum context length is 4096 tokens."),
    ("too_long", "anthropic", 400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    ("too_long", "anthropic", 400, "invalid_request_error", "input length and `max_tokens` exceed context limit"),
    (
        "too_long",
        "google-generativeai",
        400,
        "",
        "The input token count (2000000) exceeds the maximum number of tokens.",
    ),
    ("too_long", "google-genai", 400, "", "The input token count (2000000) exceeds the maximum number of tokens."),
    ("too_long", "google-genai", 400, "", "Request payload size exceeds the limit: 20971520 bytes."),
    ("key_invalid", "google-generativeai", 400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
    ("key_invalid", "google-genai", 400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key."),
    ("key_invalid", "google-genai", 400, "", "API key expired. Please renew the API key."),
    ("no_credit", "openai", 429, "insufficient_quota", "You exceeded your current quota."),
    ("no_credit", "anthropic", 400, "invalid_request_error", "Your credit balance is too low to access the API."),
    ("no_credit", "anthropic", 403, "billing_error", "Billing."),
    ("no_credit", "google-generativeai", 403, "BILLING_DISABLED", "This API method requires billing to be enabled."),
    (
        "rate_limit",
        "google-genai",
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan.",
    ),
    ("not_served", "google-generativeai", 400, "FAILED_PRECONDITION", "User location is not supported."),
    (
        "not_served",
        "openai",
        403,
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    ("no_model", "openai", 404, "model_not_found", "The model `gpt-9` does not exist or you do not have access to it."),
    ("no_model", "openai", 403, "model_not_found", "Project `proj_x` does not have access to model `gpt-6.1-sol`"),
    ("no_model", "local", 404, "", "model 'llama9' not found, try pulling it first"),
    ("no_model", "local", 404, "NotFoundError", "The model `qwen` does not exist."),
    ("no_model", "anthropic", 404, "not_found_error", "model: claude-haiku-9 not found"),
    ("no_model", "google-generativeai", 404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta."),
    ("no_model", "google-genai", 404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta."),
    ("no_path", "anthropic", 404, "not_found_error", "Not Found"),
    ("spend_cap", "anthropic", 400, "invalid_request_error", "You have reached your specified API usage limits."),
    ("spend_cap", "anthropic", 403, "permission_error", "You have reached your specified workspace API usage limits."),
    ("bad_parameter", "openai", 400, "unsupported_parameter", "Unsupported parameter: 'max_tokens' is not supported."),
    ("bad_parameter", "openai", 400, "", "Unrecognized request argument supplied: reasoning_effort"),
    ("bad_parameter", "openai", 400, "", "Invalid schema for response_format 'Triage': too deep."),
    ("bad_parameter", "local", 400, "", "Failed to parse grammar"),
    ("bad_parameter", "anthropic", 400, "invalid_request_error", "output_config.format.schema: For 'array' type."),
    ("bad_parameter", "anthropic", 400, "invalid_request_error", "max_tokens: 9000 > 8192, the most of this model."),
    ("bad_parameter", "google-genai", 400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "a".'),
    ("no_media", "local", 500, "", "image input is not supported - hint: you may need an mmproj"),
    ("no_media", "local", 400, "", "At most 0 image(s) may be provided in one request."),
    ("no_media", "openai", 400, "", "Invalid content type. image_url is only supported by certain models."),
    ("no_media", "local", 404, "", "No endpoints found that support image input, audio is not supported"),
    ("day_quota", "openai", 429, "rate_limit_exceeded", "Rate limit reached for gpt-6-luna on requests per day (RPD)."),
    ("key_invalid", "google-genai", 403, "PERMISSION_DENIED", "Your API key was reported as leaked."),
    ("forbidden", "anthropic", 403, "permission_error", "Your API key does not have permission for this resource."),
    ("flagged", "openai", 400, "content_policy_violation", "Flagged."),
    ("flagged", "openai", 400, "invalid_prompt", "Your prompt was flagged."),
    ("flagged", "anthropic", 400, "invalid_request_error", "Output blocked by content filtering policy"),
]


def caught(adapters: Adapters, sdk: str, reply: Reply, **values: Any) -> CallError:
    """The error of a call; it says who and what to do, survives both pickles, and keeps its secrets."""
    with pytest.raises(CallError) as raised:
        adapters.ask(sdk, reply, **values)
    error = raised.value
    assert error.provider == provider_of(sdk)
    assert error.advice in str(error)
    for copied in (pickle.loads(pickle.dumps(error)), cloudpickle.loads(cloudpickle.dumps(error))):
        assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "".join([*traceback.format_exception(error), repr(error), repr({**vars(error), "answer": None})])
    for secret in (KEY, MAIL, "Quetzal"):
        assert secret not in told
    return error


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("sdk", SDKS)
def test_a_status_means_the_same_of_every_provider(adapters: Adapters, sdk: str, status: int) -> None:
    reply = Reply(status, complaint(sdk, status, CANARY), {"x-request-id": "req-7"})
    error = caught(adapters, sdk, reply)
    assert type(error) is ROWS[STATUSES[status]].error
    assert (error.status, error.request_id, error.retry_after_s, error.usage) == (status, "req-7", None, None)
    assert f"HTTP {status}" in str(error)
    assert "req-7" in str(error)
    assert len(adapters.far_side.requests) == 1


@pytest.mark.parametrize("status", [401, 429, 503])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_page_that_is_no_json_is_judged_by_its_status(adapters: Adapters, sdk: str, status: int) -> None:
    page = f"<html><body>{CANARY}</body></html>".encode()
    error = caught(adapters, sdk, Reply(status, page, {"content-type": "text/html"}))
    assert type(error) is ROWS[STATUSES[status]].error
    assert error.status == status


@pytest.mark.parametrize(("row", "sdk", "status", "code", "message"), SPECIAL)
def test_a_complaint_means_what_its_code_or_opening_says(
    adapters: Adapters, row: str, sdk: str, status: int, code: str, message: str
) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}] if code.isupper() else None
    body = complaint(sdk, status, f"{message} {CANARY}", code=code, details=details)
    error = caught(adapters, sdk, Reply(status, body))
    assert type(error) is ROWS[row].error
    assert ROWS[row].said in str(error)
    if code:
        assert code in str(error)


def test_every_row_that_has_statuses_is_shown_above() -> None:
    shown = {row for row, *_ in SPECIAL} | set(STATUSES.values())
    assert shown | {"about_mail"} == {fault.name for fault in FAULTS if fault.statuses}


def test_what_a_mail_says_does_not_choose_the_error(adapters: Adapters) -> None:
    quoted = "Invalid value: 'insufficient_quota. Your credit balance is too low. prompt is too long'"
    error = caught(adapters, "anthropic", Reply(400, complaint("anthropic", 400, quoted)))
    assert type(error) is errors.RequestRejected
    for sdk in SDKS:
        quoted = f"Invalid value: '{MAIL}: temperature is unsupported, the model x does not exist'"
        assert type(caught(adapters, sdk, Reply(400, complaint(sdk, 400, quoted)))) is errors.RequestRejected


def test_a_rejected_parameter_is_named(adapters: Adapters) -> None:
    body = complaint("openai", 400, f"Unsupported value: 'temperature' does not support 0.7. {CANARY}")
    assert "about `temperature`" in str(caught(adapters, "openai", Reply(400, body)))


@pytest.mark.parametrize("sdk", SDKS)
def test_a_wait_is_told_in_seconds_milliseconds_or_as_a_date(adapters: Adapters, sdk: str) -> None:
    body = complaint(sdk, 429, CANARY)
    assert caught(adapters, sdk, Reply(429, body, {"retry-after": "7"})).retry_after_s == 7
    assert caught(adapters, sdk, Reply(503, body, {"retry-after-ms": "1500", "retry-after": "9"})).retry_after_s == 1.5
    assert caught(adapters, sdk, Reply(429, body, {"retry-after": "soon"})).retry_after_s is None
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    told = caught(adapters, sdk, Reply(429, body, {"retry-after": date})).retry_after_s
    assert told is not None
    assert 30 < told <= 40


@pytest.mark.parametrize("sdk", ["google-generativeai", "google-genai"])
def test_googles_retry_info_is_a_wait(adapters: Adapters, sdk: str) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]
    body = complaint(sdk, 429, CANARY, code="RESOURCE_EXHAUSTED", details=details)
    assert caught(adapters, sdk, Reply(429, body)).retry_after_s == 34.5


@pytest.mark.parametrize("then", ["hang up first", "hang up midway"])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_cut_connection_is_the_networks_fault(adapters: Adapters, sdk: str, then: Any) -> None:
    assert type(caught(adapters, sdk, Reply(body=good(sdk), then=then))) is errors.Unreachable
    assert len(adapters.far_side.requests) == 1


@pytest.mark.parametrize("sdk", SDKS)
def test_a_refused_connection_is_the_networks_fault(adapters: Adapters, sdk: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"  # bound, and nobody listens
        assert type(caught(adapters, sdk, Reply(), address=address)) is errors.Unreachable


@pytest.mark.parametrize("then", ["say nothing", "dribble"])
@pytest.mark.parametrize("sdk", SDKS)
def test_a_call_ends_at_its_time_limit(adapters: Adapters, sdk: str, then: Any) -> None:
    error = caught(adapters, sdk, Reply(body=good(sdk), then=then), timeout=0.2)
    assert type(error) is errors.TimedOut
    assert len(adapters.far_side.requests) == 1


@pytest.mark.parametrize("sdk", SDKS)
def test_a_connection_that_is_never_taken_ends_at_the_time_limit(adapters: Adapters, sdk: str) -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):  # fill the queue, so that the next one is not even acknowledged
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        address = f"http://127.0.0.1:{full.getsockname()[1]}"
        assert type(caught(adapters, sdk, Reply(), address=address, timeout=0.2)) is errors.TimedOut


GARBAGE = {
    "a page": Reply(body=b"<html>Sign in to the hotel's network</html>", headers={"content-type": "text/html"}),
    "half of JSON": Reply(body=b'{"choices": [{"mess'),
    "nothing": Reply(body=b""),
    "a list": Reply(body=[1, 2]),
    "an error under 200": Reply(body={"error": {"message": CANARY, "code": 502}}),
    "an empty object": Reply(body={}),
    "no choices": Reply(body={"choices": [], "content": None, "candidates": []}),
    "other shapes": Reply(body={"choices": [None], "content": [7], "candidates": ["x"], "usage": 3}),
}


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("sdk", SDKS)
def test_what_is_no_answer_is_the_servers_fault(adapters: Adapters, sdk: str, garbage: str) -> None:
    error = caught(adapters, sdk, GARBAGE[garbage])
    assert type(error) is errors.ServerFault
    assert error.usage is None


def endings(sdk: str) -> list[tuple[type[CallError], Any, str | None]]:
    """The error, the reply's body, and the text that is kept of it."""
    by_provider: dict[str, list[tuple[type[CallError], Any, str | None]]] = {
        "openai": [
            (errors.CutAnswer, good(sdk, TEXT[:9], ending="length"), TEXT[:9]),
            (errors.Refused, good(sdk, "", ending="content_filter"), None),
            (errors.Refused, good(sdk, "", refusal="I cannot help."), "I cannot help."),
        ],
        "anthropic": [
            (errors.CutAnswer, good(sdk, TEXT[:9], ending="max_tokens"), TEXT[:9]),
            (errors.Refused, good(sdk, "I cannot.", ending="refusal"), "I cannot."),
            (errors.TooLong, good(sdk, TEXT[:9], ending="model_context_window_exceeded"), TEXT[:9]),
        ],
        "gemini": [
            (errors.CutAnswer, good(sdk, TEXT[:9], ending="MAX_TOKENS"), TEXT[:9]),
            (errors.CutAnswer, good(sdk, TEXT[:9], ending=2), TEXT[:9]),
            (errors.Refused, good(sdk, "", ending="SAFETY"), None),
            (errors.Refused, good(sdk, "", ending=8), None),
            (errors.Refused, {**good(sdk), "candidates": [], "promptFeedback": {"blockReason": 1}}, None),
            (errors.Refused, good(sdk, TEXT[:9], ending="RECITATION"), TEXT[:9]),
            (errors.Refused, good(sdk, "", ending=4), None),
        ],
    }
    by_provider["local"] = by_provider["openai"]
    return [(errors.BadAnswer, good(sdk, " \n"), " \n"), *by_provider[provider_of(sdk)]]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_useless_answer_keeps_what_was_paid_for_it(adapters: Adapters, sdk: str) -> None:
    for kind, body, text in endings(sdk):
        error = caught(adapters, sdk, Reply(body=body, headers={"x-request-id": "req-9"}))
        assert (type(error), error.answer, error.request_id) == (kind, text, "req-9")
        assert error.usage is not None
        assert (error.usage["input_tokens"], error.usage["output_tokens"]) == (100, 20)


def test_codes_and_numbers_that_could_be_secrets_are_not_shown() -> None:
    body = {"error": {"code": KEY, "type": MAIL, "param": f"messages {MAIL}", "message": CANARY}}
    read = read_error_body({"x-request-id": f"{MAIL}"}, str(body).replace("'", '"').encode())
    assert read.shown == []
    assert read.request_id is None
