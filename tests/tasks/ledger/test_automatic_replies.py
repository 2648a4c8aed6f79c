"""Automatic replies are capped by sender, conversation and hour, over all processes that share a ledger."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.ledger.automatic_replies import AutomaticReply, ReplyCaps, admit_reply, take_back_reply
from tasks.ledger.engine import open_ledger

ROOT = Path(__file__).resolve().parents[3]
PROCESS = Path(__file__).with_name("admitted.py")
ONE = ReplyCaps(per_sender=1, per_thread=1, per_hour=100)


def reply(name, sender="ann@a.example", thread=()):
    return AutomaticReply(effect_id=name, sender=sender, reply_id=f"{name}@us.example", thread=thread)


class Clock:
    now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def engine(ledger_url):
    return open_ledger(ledger_url)


def test_one_reply_a_sender_and_day(engine):
    clock = Clock()
    assert admit_reply(engine, reply("a"), ONE, clock) == ""
    assert admit_reply(engine, reply("a"), ONE, clock) == "", "the same reply again is no other"
    assert "to this sender" in admit_reply(engine, reply("b"), ONE, clock)
    assert admit_reply(engine, reply("c", sender="bo@b.example"), ONE, clock) == ""

    clock.now += 86_401
    assert admit_reply(engine, reply("b"), ONE, clock) == ""


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["1@x"], ["1@x", "a@us.example", "2@x"]),  # the conversation goes on with all its ids
        (["1@x"], ["a@us.example", "2@x"]),  # a program names only what it answers
        (["0@x", "1@x"], ["0@x", "7@x"]),  # another branch of the same conversation
        (["0@x", "1@x"], ["1@x", "2@x"]),
    ],
)
def test_one_reply_a_conversation_and_day_whoever_writes(engine, first, then):
    assert admit_reply(engine, reply("a", thread=first), ONE) == ""
    assert "in this conversation" in admit_reply(engine, reply("b", sender="bo@b.example", thread=then), ONE)
    assert admit_reply(engine, reply("c", sender="kim@c.example", thread=["9@x"]), ONE) == ""


def test_what_surely_did_not_leave_is_not_counted(engine):
    admit_reply(engine, reply("a"), ONE)
    take_back_reply(engine, "a")

    assert admit_reply(engine, reply("b"), ONE) == ""


def test_while_more_are_wanted_than_the_hours_cap_none_leaves(engine):
    clock, caps = Clock(), ReplyCaps(per_sender=1, per_thread=1, per_hour=3)

    def wanted(name):
        return admit_reply(engine, reply(name, sender=f"{name}@a.example", thread=[f"{name}@x"]), caps, clock)

    assert [wanted(name) for name in "abc"] == ["", "", ""]
    assert "MAILROOM_REPLIES_PER_HOUR is 3" in wanted("d")
    clock.now += 3_000
    assert "stopped" in wanted("e")
    clock.now += 700  # what was wanted first is over an hour old; e counts, though it did not leave
    assert [wanted(name) for name in "fg"] == ["", ""]
    assert "stopped" in wanted("h")
    clock.now += 3_700
    assert wanted("h") == "", "it goes on by itself once it is quiet"


@pytest.mark.parametrize(("sender", "per_hour", "may_leave"), [("ann@a.example", 100, 1), ("{}@a.example", 7, 7)])
def test_the_caps_hold_over_processes(any_ledger_url, sender, per_hour, may_leave):
    url = any_ledger_url
    open_ledger(url)
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, str(PROCESS), url, name, "8", sender, str(per_hour)],
            stdout=subprocess.PIPE, cwd=ROOT, env=surroundings, text=True,
        )
        for name in ("p", "q", "r")
    ]  # fmt: skip
    said = [process.communicate(timeout=120)[0] for process in processes]

    assert sum(map(int, said)) == may_leave
