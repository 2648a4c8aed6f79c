"""Limits how fast each model is asked. Requests and tokens are reserved in the ledger in blocks and spaced out here.

A block costs one write and lasts some tenths of a second, so a call pays almost nothing for its reservation, and a
process that dies loses almost nothing. There is no initial burst.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from tasks.errors import Misconfigured, RateLimited
from tasks.ledger.completions import writer_of
from tasks.ledger.rate_limit_rows import RateGrant, RateRequest, SlowDown, WaitOver, write
from tasks.questions import Link, RateLimits

LimitsOf = Callable[[Link], RateLimits]

_BLOCK_S = 0.25
"""A block holds at most what the limit allows in this time."""
_AHEAD_S = 1.0
"""How long before it is due a block is reserved: while a busy ledger takes its time, nothing of the limit is lost."""
_STALE_S = 1.0
"""A reservation that is not used after this time is returned, so that unused ones can't add up to a burst."""
_LOOK_AGAIN_S = 30.0
"""How often the ledger is asked during a wait, which may end early: after a probe, or because an operator ends it."""
_GRAIN_S = 0.002
"""Shorter waits are not worth a timer."""
_FLOOR = 0.05
"""The part of the provider's own count that is kept in reserve for calls in flight."""
_MARGIN = 0.99
"""The part of a limit that is used: requests arrive less evenly than they were sent."""


@dataclass
class _Lane:
    """A model's current block in this process. Times are the database's."""

    fetching: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0
    tokens: float = 0.0
    next_request: float = 0.0
    next_token: float = 0.0
    request_s: float = 0.0
    token_s: float = 0.0
    stale_at: float = 0.0
    size: int = 1
    waiting: int = 0
    requests_owed: float = 0.0
    tokens_owed: float = 0.0
    """Tokens used beyond the reserved ones; negative if fewer were used."""
    corrected_until: float = 0.0
    fetched_at: float = float("-inf")
    probing: bool = False
    """Whether the block is for one request through a wait that is not over."""
    epoch: int = 0
    """A counter that is raised when earlier reservations become void."""
    reported: RateLimits = field(default_factory=RateLimits)

    def fits(self, tokens: float, now: float) -> bool:
        return self.requests > 0 and self.tokens >= tokens and now < self.stale_at

    def take(self, tokens: float) -> float:
        """Take one request and these tokens from the block; return the time at which the call may be sent."""
        at = max(self.next_request, self.next_token)
        self.requests -= 1
        self.tokens -= tokens
        self.next_request += self.request_s
        self.next_token += tokens * self.token_s
        return at

    def drop(self) -> None:
        self.epoch += 1
        self.stale_at = 0.0


class LedgerRateLimiter:
    """`tasks.questions.RateLimiter` over the ledger. There is one for each process, used on one event loop.

    `set_limits` are the operator's, null where none is set. Where the provider's headers report one as well, the lower
    one counts; where there is neither, `usual_limits` apply. `on_reported` gets the headers' limits, on the loop.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        set_limits: LimitsOf,
        usual_limits: LimitsOf,
        on_reported: Callable[[Link, RateLimits], None] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._set = set_limits
        self._usual = usual_limits
        self._on_reported = on_reported
        self._clock = clock
        self._sleep = sleep
        self._ahead = float("-inf")
        self._lanes: dict[Link, _Lane] = {}
        self._writer = writer_of(engine)
        self._writer.learn({"pace": write})

    async def turn(self, link: Link, tokens: int, *, within_s: float) -> None:
        """Wait until a call of about this many tokens may be sent.

        Raises:
            RateLimited: The wait would be longer than `within_s`, as the provider asked for it.
            Misconfigured: No limit is known.
        """
        lane = self._lanes.setdefault(link, _Lane())
        while True:
            if lane.fetching.locked() or not lane.fits(tokens, self._now()):
                lane.waiting += 1
                try:
                    async with lane.fetching:
                        await self._fill(lane, link, tokens, within_s)
                        at = lane.take(tokens)
                finally:
                    lane.waiting -= 1
            else:
                at = lane.take(tokens)
            if await self._is_time(lane, link, at, within_s):
                return

    def settle(self, link: Link, tokens: int, used: int, limits: RateLimits | None) -> None:
        """Correct the reservation of `tokens` to those `used`, and apply the limits that the reply's headers report."""
        lane = self._lanes.setdefault(link, _Lane())
        lane.tokens_owed += used - tokens
        if limits is not None:
            lane.reported = limits
            if self._on_reported is not None:
                self._on_reported(link, limits)
            self._correct(lane, limits)

    async def answered(self, link: Link) -> None:
        """Note that the model answered: a wait through which the request was let is over."""
        lane = self._lanes.get(link)
        if lane is not None and lane.probing:
            lane.probing = False
            lane.drop()
            await self._writer.write("pace", WaitOver(provider=link.provider, model=link.model, clock=self._clock))

    async def heed(self, link: Link, *, too_fast: bool, wait_s: float = 0.0) -> None:
        """Halve the model's rate where `too_fast`, and make all calls to the provider wait for `wait_s`.

        The rate recovers within a minute. Other processes wait, too, once they have used up their present blocks.
        """
        for other, lane in self._lanes.items():
            if wait_s and other == link:
                lane.drop()
            elif other == link:
                lane.stale_at = 0.0
        slow = SlowDown(provider=link.provider, model=link.model, clock=self._clock, hold_s=wait_s, too_fast=too_fast)
        await self._writer.write("pace", slow)

    def _correct(self, lane: _Lane, reported: RateLimits) -> None:
        """Delay the next calls if, by the provider's count, almost nothing of the limit is left.

        The provider's count can be higher than this one: some count an answer's longest possible length, and tokenizers
        differ.
        """
        now = self._now()
        if now < lane.corrected_until:
            return  # each reply reports the same shortage until the first correction takes effect
        requests = _short(reported.requests_left, reported.rpm)
        tokens = _short(reported.tokens_left, reported.tpm)
        lane.requests_owed += requests
        lane.tokens_owed += tokens
        lane.corrected_until = now + 60 * max(requests / (reported.rpm or 1), tokens / (reported.tpm or 1))

    async def _is_time(self, lane: _Lane, link: Link, at: float, within_s: float) -> bool:
        """Sleep until `at` and return true; return false if the ledger must be asked again, as all calls must wait."""
        wait_s = at - self._now()
        if wait_s > within_s:
            self._look_again(lane, link, wait_s)
            return False
        epoch = lane.epoch
        if wait_s > _GRAIN_S:
            await self._sleep(wait_s)
        return lane.epoch == epoch

    async def _fill(self, lane: _Lane, link: Link, tokens: float, within_s: float) -> None:
        """Reserve the next block if the present one is used up. It waits until shortly before the block is due."""
        while not lane.fits(tokens, self._now()):
            ahead_s = max(lane.next_request, lane.next_token) - self._now() - _AHEAD_S
            if lane.stale_at and ahead_s > within_s:
                self._look_again(lane, link, ahead_s)
            if lane.stale_at and ahead_s > _GRAIN_S:
                await self._sleep(ahead_s)
                continue
            await self._fetch(lane, link, tokens)

    def _look_again(self, lane: _Lane, link: Link, wait_s: float) -> None:
        """Forget the block, so that the ledger is asked whether the wait is still in force.

        Raises:
            RateLimited: It was asked within the last half minute.
        """
        if self._now() - lane.fetched_at < _LOOK_AGAIN_S:
            raise _too_long(link, wait_s)
        lane.drop()

    async def _fetch(self, lane: _Lane, link: Link, tokens: float) -> None:
        rpm, tpm = self._limits(link, lane.reported)
        used_up = lane.requests <= 0 or lane.tokens < tokens
        most = max(1, int(rpm / 60 * _BLOCK_S))
        lane.size = min(most, max(lane.waiting, lane.size * 2 if used_up else lane.size // 2))
        wanted = RateRequest(
            provider=link.provider, model=link.model, clock=self._clock, rpm=rpm * _MARGIN, tpm=tpm * _MARGIN,
            requests=lane.size, tokens=max(tokens, min(lane.size * tokens, tpm / 60 * _BLOCK_S)),
            requests_unused=lane.requests, tokens_unused=lane.tokens, requests_owed=lane.requests_owed,
            tokens_owed=lane.tokens_owed,
        )  # fmt: skip
        lane.requests, lane.tokens, lane.requests_owed, lane.tokens_owed = 0, 0.0, 0.0, 0.0
        epoch, granted = lane.epoch, await self._writer.write("pace", wanted)
        if lane.epoch == epoch:
            self._open(lane, wanted, granted)
        else:
            lane.tokens_owed -= wanted.tokens

    def _open(self, lane: _Lane, wanted: RateRequest, granted: RateGrant) -> None:
        # The database read its clock between request and reply. The smallest offset seen so far is the most exact one.
        self._ahead = max(self._ahead, granted.now - self._clock())
        lane.requests, lane.tokens = 1 if granted.probe else wanted.requests, wanted.tokens
        lane.probing, lane.fetched_at = granted.probe, granted.now
        lane.next_request, lane.next_token = granted.requests_from, granted.tokens_from
        lane.request_s, lane.token_s = granted.request_s, granted.token_s
        first = max(granted.requests_from, granted.tokens_from, granted.now)
        lane.stale_at = first + max(wanted.requests * granted.request_s, wanted.tokens * granted.token_s) + _STALE_S

    def _now(self) -> float:
        """The database's time; an error makes it too early, never too late."""
        return self._clock() + (self._ahead if self._ahead > float("-inf") else 0.0)

    def _limits(self, link: Link, reported: RateLimits) -> tuple[float, float]:
        chosen, usual = self._set(link), self._usual(link)
        rpm = _lower(chosen.rpm, reported.rpm) or usual.rpm
        tpm = _lower(chosen.tpm, reported.tpm) or usual.tpm
        if not rpm or not tpm:
            raise Misconfigured(
                f"No limit is known for model `{link.model}` of provider `{link.provider}`. "
                f"Set `{link.provider.upper()}_RPM` and `{link.provider.upper()}_TPM`."
            )
        return rpm, tpm


def _short(left: int | None, a_minute: int | None) -> float:
    return max(0.0, a_minute * _FLOOR - left) if a_minute and left is not None else 0.0


def _too_long(link: Link, wait_s: float) -> RateLimited:
    how_long = f"{wait_s:.0f} s" if wait_s < 120 else f"{wait_s / 60:.0f} min"
    return RateLimited(
        f"Model `{link.model}` of `{link.provider}` wants no requests for {how_long}.",
        provider=link.provider,
        retry_after_s=wait_s,
    )


def _lower(one: int | None, other: int | None) -> int | None:
    return min(one, other) if one and other else one or other
