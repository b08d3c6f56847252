"""Places: who waits for one holds no other, and what is given up in the middle of waiting is nobody's."""

import asyncio

import pytest

from pombo_worker.delivery.places import Bound, Place, leave_all, take_all, wait_for_all

pytestmark = pytest.mark.asyncio


async def settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_are_taken_or_none() -> None:
    free, full = Place(Bound(1), "a"), Place(Bound(1), "b")
    assert take_all([full]) is None
    assert take_all([free, full]) is full
    assert take_all([free]) is None


async def test_who_waits_for_one_place_leaves_the_others_to_those_who_need_no_more() -> None:
    here, there = Place(Bound(1), "here"), Place(Bound(1), "there")
    assert take_all([here]) is None
    assert take_all([there]) is None
    waiting = asyncio.create_task(wait_for_all([here, there]))
    await settled()
    leave_all([here])
    await settled()  # now it waits there
    assert take_all([here]) is None
    leave_all([there])
    await settled()  # now here again
    assert take_all([there]) is None
    leave_all([here])
    await settled()
    assert not waiting.done()
    leave_all([there])
    await asyncio.wait_for(waiting, 5)
    assert take_all([here]) is here
    assert take_all([there]) is there


async def test_places_are_given_in_the_order_of_asking() -> None:
    place, came = Place(Bound(1), "x"), []

    async def come(number: int) -> None:
        await wait_for_all([place])
        came.append(number)
        await settled()
        leave_all([place])

    await asyncio.gather(*(come(number) for number in range(5)))
    assert came == list(range(5))


@pytest.mark.parametrize("given", [False, True])
async def test_a_place_that_comes_too_late_is_passed_on(given: bool) -> None:  # noqa: FBT001 - a parameter of the test
    bound = Bound(1)
    place = Place(bound, "x")
    assert take_all([place]) is None
    first, second = (asyncio.create_task(wait_for_all([place])) for _ in range(2))
    await settled()
    if given:
        leave_all([place])
    first.cancel()
    await settled()
    if not given:
        leave_all([place])
    await asyncio.wait_for(second, 5)
    leave_all([place])
    assert not bound.crowded("x")
    assert take_all([place]) is None
