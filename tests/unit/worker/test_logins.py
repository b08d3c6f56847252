"""Places for logins: bounded, given back once, and lost by whoever hangs."""

import asyncio

import pytest

from pombo_worker.sessions.logins import Logins
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


async def test_no_more_than_so_many_log_in_at_once() -> None:
    logins = Logins(at_once=2, seconds=60)
    entered: list[str] = []

    async def enter(who: str) -> None:
        await logins.enter(who)
        entered.append(who)

    tasks = [asyncio.create_task(enter(who)) for who in "abcd"]
    await eventually(lambda: entered == ["a", "b"], what="two are in")
    logins.leave("b")
    logins.leave("b")
    await eventually(lambda: entered == ["a", "b", "c"], what="one more is in")
    logins.leave("a")
    await eventually(lambda: len(entered) == 4, what="all were in")
    await asyncio.gather(*tasks)


async def test_one_that_hangs_makes_room() -> None:
    logins = Logins(at_once=1, seconds=0.01)
    await logins.enter("a")
    # Nobody says that "a" is done.
    await asyncio.wait_for(logins.enter("b"), 10)


async def test_who_waits_can_leave_the_queue() -> None:
    logins = Logins(at_once=1, seconds=60)
    await logins.enter("a")
    waiting = asyncio.create_task(logins.enter("b"))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    logins.leave("a")
    await asyncio.wait_for(logins.enter("c"), 5)
    logins.leave("c")
