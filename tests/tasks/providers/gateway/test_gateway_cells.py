"""One cell for each SDK and fault, through the gateway and the real SDK.

A cell says the error, the requests sent, the waits between them, what counts against the circuit, and what the ledger
records.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from tasks import errors
from tasks.errors import CallError
from tests.services.ledgers import circuits
from tests.tasks.providers.far_side import (
    SDKS,
    Reply,
    complaint,
    good,
    provider_of,
)

BACKOFF = [0.5, 1.0, 2.0]  # half of 1, 2 and 4 s, as the dice always fall on the middle
CUT = {"openai": "length", "local": "length", "anthropic": "max_tokens"}
REFUSED = {"anthropic": "refusal"}


@dataclass(frozen=True)
class Row:
    """What comes of a fault that stays."""

    name: str
    error: type[CallError]
    requests: int
    waits: tuple[float, ...] = ()
    away: bool = False
    """Whether each request counts against the circuit."""
    status: int = 200
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    then: Any = "keep"
    timeout_s: float = 20.0

    def reply(self, sdk: str) -> Reply:
        if self.name == "cut by max tokens":
            body = good(sdk, '{"category": "URG', ending=CUT.get(sdk, "MAX_TOKENS"))
        elif self.name == "safety refusal":
            body = good(sdk, "", ending=REFUSED.get(sdk, "SAFETY" if sdk.startswith("google") else "content_filter"))
        elif self.name == "no JSON in the answer":
            body = good(sdk, "I would say it is urgent.")
        elif self.name == "empty answer":
            body = good(sdk, "")
        elif self.name == "a page in the place of an answer":
            body = b"<html>Good morning</html>"
        else:
            body = good(sdk) if self.status == 200 else complaint(sdk, self.status, "It is so.", code=self.code)
        return Reply(self.status, body, dict(self.headers), self.then)


def waited(name: str, error: type[CallError], **known: Any) -> Row:
    return Row(name, error, 4, known.pop("waits", tuple(BACKOFF)), **known)


ROWS = [
    Row("400", errors.RequestRejected, 1, status=400),
    *(Row(f"{status}", errors.Misdirected, 1, status=status) for status in (301, 403, 404, 422)),
    Row("401", errors.KeyRejected, 1, status=401),
    Row("402", errors.OutOfFunds, 1, status=402),
    waited("408", errors.TimedOut, status=408, away=True),
    waited("409", errors.Overloaded, status=409, away=True),
    Row("413", errors.TooLong, 1, status=413),
    waited("429", errors.RateLimited, status=429),
    waited("429 with Retry-After", errors.RateLimited, status=429, headers=(("retry-after", "7"),), waits=(7.0,) * 3),
    waited("429 in ms", errors.RateLimited, status=429, headers=(("retry-after-ms", "1500"),), waits=(1.5,) * 3),
    Row("429 for an hour", errors.RateLimited, 1, status=429, headers=(("retry-after", "3600"),)),
    *(waited(f"{status}", errors.ServerFault, status=status, away=True) for status in (500, 502, 504)),
    *(waited(f"{status}", errors.Overloaded, status=status, away=True) for status in (503, 529)),
    waited("time-out of reading", errors.TimedOut, then="say nothing", timeout_s=0.1, away=True),
    waited("time-out of the whole call", errors.TimedOut, then="dribble", timeout_s=0.12, away=True),
    waited("connection cut at first", errors.Unreachable, then="hang up first", away=True),
    waited("connection cut midway", errors.Unreachable, then="hang up midway", away=True),
    waited("a page in the place of an answer", errors.ServerFault, away=True),
    Row("no JSON in the answer", errors.BadAnswer, 2),
    Row("empty answer", errors.BadAnswer, 2),
    Row("cut by max tokens", errors.CutAnswer, 1),
    Row("safety refusal", errors.Refused, 1),
]
ONLY_SOME = [
    ("openai", Row("429 insufficient_quota", errors.OutOfFunds, 1, status=429, code="insufficient_quota")),
    ("openai", Row("prompt too long", errors.TooLong, 1, status=400, code="context_length_exceeded")),
    ("google-genai", Row("400 API_KEY_INVALID", errors.KeyRejected, 1, status=400, code="API_KEY_INVALID")),
]
CELLS = [*itertools.product(SDKS, ROWS), *ONLY_SOME]


@pytest.mark.parametrize(("sdk", "row"), CELLS, ids=lambda part: part if isinstance(part, str) else part.name)
def test_the_cell_of_an_sdk_and_a_fault(wire, sdk, row):
    name = f"{sdk}/{row.name}"
    with pytest.raises(CallError) as caught:
        wire.ask(sdk, row.reply(sdk), name, timeout_s=row.timeout_s)
    assert type(caught.value) is row.error
    assert len(wire.requests) == caught.value.sent == row.requests
    assert wire.time.slept == list(row.waits)
    assert wire.breakers._of(provider_of(sdk)).failures == (row.requests if row.away else 0)
    assert circuits(wire.engine) == {}
    assert [(one.state, one.error_code) for one in wire.rows(name)] == [("failed", row.error.code)] * row.requests
