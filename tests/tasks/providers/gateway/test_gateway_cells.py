"""One cell for each SDK and fault, through the gateway and the real SDK: the error, the requests sent, the waits between
them, what counts against the circuit, and what the ledger says of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tasks import errors, policies
from tasks.errors import CallError
from tasks.ledger.breakers import LedgerBreakers, read_breakers
from tasks.ledger.completions import LedgerBook
from tasks.ledger.engine import open_ledger
from tasks.ledger.rate_limiter import LedgerRateLimiter
from tasks.ledger.schema import completions
from tasks.providers.catalogue.provider_account import ProviderAccount
from tasks.providers.gateway.gateway import Gateway
from tasks.questions import Adapter, Limits, Link
from tests.tasks.providers.far_side import (
    KEY,
    MODELS,
    QUESTION,
    SDKS,
    Adapters,
    Reply,
    account,
    complaint,
    good,
    provider_of,
)
from tests.tasks.providers.scripted import Time

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
    *(Row(f"{status}", errors.RequestRejected, 1, status=status) for status in (400, 404, 422)),
    Row("401", errors.KeyRejected, 1, status=401),
    Row("402", errors.OutOfFunds, 1, status=402),
    Row("403", errors.KeyRejected, 1, status=403),
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


class OneAccount:
    """The place of `Accounts`, with the settings of one SDK."""

    def __init__(self, settings: ProviderAccount) -> None:
        self._settings = settings

    def require(self, provider: str) -> ProviderAccount:
        return self._settings


class Cells:
    """All cells share the adapters and one ledger; each comes long after the one before, and knows of no failures."""

    def __init__(self, url: str) -> None:
        self.adapters = Adapters()
        self.engine = open_ledger(url)
        self._time = itertools.count(1_000_000, 100_000)

    def ask(self, sdk: str, row: Row, name: str) -> tuple[BaseException, Time, int]:
        """The error, the clock that was slept by, and failures counted against the circuit."""
        time = Time()
        time.now = float(next(self._time))
        self.adapters.far_side.reply = row.reply(sdk)
        self.adapters.far_side.requests.clear()
        breakers = LedgerBreakers(self.engine, policies.CALL, clock=time)
        gateway = self._gateway(sdk, row, breakers, time)
        link = Link(provider=provider_of(sdk), model=MODELS[sdk])
        question = replace(QUESTION, text=f"{QUESTION.text} {name}")
        with pytest.raises(CallError) as caught:
            self.adapters.loop.run(gateway.complete(question, (link,), message_key=name))
        return caught.value, time, breakers._of(link.provider).failures

    def _gateway(self, sdk: str, row: Row, breakers: LedgerBreakers, time: Time) -> Gateway:
        settings = account(sdk, self.adapters.address, api_key=KEY)
        limits = Limits(rpm=600_000, tpm=600_000_000)
        made = self.adapters._adapter(sdk, {"timeout": row.timeout_s})

        def adapter(_provider: str, _account: ProviderAccount, _key: SecretStr | None, *, concurrency: int) -> Adapter:
            return made

        return Gateway(
            OneAccount(settings),  # type: ignore[arg-type]
            LedgerBook(self.engine, run_id="run", ttl_s=3_600, clock=time),
            rate_limiter=LedgerRateLimiter(
                self.engine, set_limits=lambda _: limits, usual_limits=lambda _: limits, clock=time, sleep=time.pace
            ),
            breakers=breakers, policy=policies.CALL, adapters=adapter, clock=time, sleep=time.sleep, rng=lambda: 0.5,
        )  # fmt: skip


@pytest.fixture(scope="module")
def cells(tmp_path_factory) -> Iterator[Cells]:
    found = Cells(f"sqlite:///{tmp_path_factory.mktemp('cells') / 'ledger.db'}")
    yield found
    found.adapters.loop.stop()


@pytest.mark.parametrize(("sdk", "row"), CELLS, ids=lambda part: part if isinstance(part, str) else part.name)
def test_the_cell_of_an_sdk_and_a_fault(cells, sdk, row):
    name = f"{sdk}/{row.name}"
    error, time, failures = cells.ask(sdk, row, name)
    assert type(error) is row.error
    assert len(cells.adapters.far_side.requests) == row.requests
    assert time.slept == list(row.waits)
    assert failures == (row.requests if row.away else 0)
    assert read_breakers(cells.engine) == {}
    with cells.engine.begin() as connection:
        written = connection.execute(select(completions).where(completions.c.message_key == name)).all()
    assert [(one.state, one.error_code) for one in written] == [("failed", row.error.code)] * row.requests
