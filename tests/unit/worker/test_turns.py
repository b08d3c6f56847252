"""A turn: alone or beside others, in the order of asking, and a place that is kept for who comes back."""

import asyncio

import pytest

from pombo_worker.sessions.turns import SIDE_BY_SIDE, Turn
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio


class Visits:
    """Who is in a turn, and who has been."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.inside: list[str] = []
        self.out = asyncio.Event()

    def alone(self, name: str) -> asyncio.Task[None]:
        """Go in alone, and leave."""

        async def visit() -> None:
            async with self.turn:
                self.inside.append(name)

        return asyncio.create_task(visit())

    def beside(self, name: str, *, sending: bool = True) -> asyncio.Task[None]:
        """Go in beside others, and stay until all are let out."""

        async def visit() -> None:
            async with self.turn.sending() if sending else self.turn.shared():
                self.inside.append(name)
                await self.out.wait()

        return asyncio.create_task(visit())


async def test_a_kept_place_lets_nobody_in_beside_others_until_somebody_had_it_alone() -> None:
    visits = Visits(Turn())
    first = visits.beside("first")
    await eventually(lambda: visits.inside == ["first"], what="the first one inside")
    visits.turn.keep_place(60.0)
    behind = visits.beside("behind")
    visits.out.set()
    await first
    assert visits.inside == ["first"]
    assert not behind.done()
    await visits.alone("came back")
    await behind
    assert visits.inside == ["first", "came back", "behind"]


async def test_a_place_is_kept_no_longer_than_it_was_said() -> None:
    visits = Visits(Turn())
    visits.turn.keep_place(0.01)
    visits.out.set()
    await asyncio.wait_for(visits.beside("other"), 10)
    assert visits.inside == ["other"]


async def test_places_are_counted_for_what_is_sent_and_for_nothing_else() -> None:
    visits = Visits(Turn())
    sending = [visits.beside(str(number)) for number in range(SIDE_BY_SIDE + 1)]
    await eventually(lambda: len(visits.inside) == SIDE_BY_SIDE, what="every place taken")
    other = visits.beside("other", sending=False)
    await eventually(lambda: "other" in visits.inside, what="one that needs no place")
    assert len(visits.inside) == SIDE_BY_SIDE + 1
    visits.out.set()
    await asyncio.gather(other, *sending)
