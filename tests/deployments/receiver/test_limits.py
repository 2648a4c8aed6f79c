"""Limits on posts and on memory."""

from __future__ import annotations

from contextlib import suppress

import pytest

from deployments.receiver.limits import Full, RateLimit, Room


def accepted(limit: RateLimit, address: str, times: list[float]) -> int:
    return sum(limit.wait_s(address, now) == 0 for now in times)


def test_a_burst_is_taken_and_then_the_steady_rate():
    limit = RateLimit(per_s=10, burst=20)
    assert accepted(limit, "192.0.2.1", [0.0] * 50) == 20
    assert accepted(limit, "192.0.2.1", [1.0] * 50) == 10


def test_who_waits_as_told_is_taken():
    limit = RateLimit(per_s=2, burst=1)
    assert limit.wait_s("192.0.2.1", 5.0) == 0
    wait_s = limit.wait_s("192.0.2.1", 5.0)
    assert 0 < wait_s <= 0.5
    assert limit.wait_s("192.0.2.1", 5.0 + wait_s) == 0


def test_addresses_do_not_share_but_an_ipv6_host_does_with_itself():
    limit = RateLimit(per_s=1, burst=1)
    assert limit.wait_s("192.0.2.1", 0) == 0
    assert limit.wait_s("192.0.2.2", 0) == 0
    assert limit.wait_s("2001:db8::1", 0) == 0
    assert limit.wait_s("2001:db8::2", 0) > 0
    assert limit.wait_s("2001:db8:0:1::2", 0) == 0


def test_room_is_given_up_whole_whatever_happens():
    room = Room(100)
    with pytest.raises(Full), room.hold() as held:
        held.grow(101)
    with suppress(Full), room.hold() as held:
        held.grow(60)
        held.grow(60)
    with room.hold() as held:
        held.grow(100)
        with pytest.raises(Full), room.hold() as other:
            other.grow(1)
