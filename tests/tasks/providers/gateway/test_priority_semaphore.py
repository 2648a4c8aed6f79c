"""PrioritySemaphore: never too many calls, begun mails first, and no place lost when a waiter is cancelled."""

from __future__ import annotations

import asyncio

from tasks.providers.gateway.priority_semaphore import PrioritySemaphore


class Hall:
    """Who sat down in which order, and how many sat at once at most."""

    def __init__(self, seats: int) -> None:
        self.seats = PrioritySemaphore(seats)
        self.order: list[str] = []
        self.sitting = self.most = 0

    async def sit(self, name: str, *, first: bool = False, ticks: int = 1) -> None:
        async with self.seats.taken(first=first):
            self.order.append(name)
            self.sitting += 1
            self.most = max(self.most, self.sitting)
            for _ in range(ticks):
                await asyncio.sleep(0)
            self.sitting -= 1


def test_whoever_waits_in_the_first_queue_goes_before_all_others_and_each_queue_keeps_its_order():
    async def story():
        hall = Hall(2)
        others = [hall.sit(f"other {n}") for n in range(4)]
        begun = [hall.sit(f"begun {n}", first=True) for n in range(3)]
        await asyncio.gather(*others, *begun)
        return hall

    hall = asyncio.run(story())
    assert hall.order == ["other 0", "other 1", "begun 0", "begun 1", "begun 2", "other 2", "other 3"]
    assert hall.most == 2


def test_a_seat_is_given_back_by_who_fails_and_by_who_is_cancelled_while_waiting_or_when_called():
    async def story():
        hall, go = Hall(1), asyncio.Event()

        async def fail():
            async with hall.seats.taken(first=False):
                await go.wait()
                raise ZeroDivisionError

        async def fail_and_cancel_the_next():
            try:
                await fail()
            finally:
                called.cancel()  # its turn has come, and it has not run since

        failing = asyncio.create_task(fail_and_cancel_the_next())
        await asyncio.sleep(0)
        waiting, called = (asyncio.create_task(hall.sit(name)) for name in ("waiting", "called"))
        await asyncio.sleep(0)
        waiting.cancel()
        go.set()
        ends = await asyncio.gather(failing, waiting, called, return_exceptions=True)
        await asyncio.wait_for(asyncio.gather(*(hall.sit(f"{n}") for n in range(3))), 5)
        return hall, [type(end) for end in ends]

    hall, ends = asyncio.run(story())
    assert ends == [ZeroDivisionError, asyncio.CancelledError, asyncio.CancelledError]
    assert hall.order == ["0", "1", "2"]
    assert hall.most == 1
