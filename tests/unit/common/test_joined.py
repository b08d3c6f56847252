"""Reads that are joined: one for all who ask together, never one that began before its caller asked."""

import asyncio
from collections.abc import Sequence

import pytest

from pombo_common.joined import Joined
from tests.support.waiting import eventually


class Source:
    """Values that are read when the test says so; each read gives what was true when it began."""

    def __init__(self) -> None:
        self.value = 0
        self.reads: list[tuple[list[str], asyncio.Event]] = []
        self.fails = False

    async def read(self, keys: Sequence[str]) -> list[str]:
        seen, may_end = self.value, asyncio.Event()
        self.reads.append((list(keys), may_end))
        await may_end.wait()
        if self.fails:
            raise LookupError("away")
        return [f"{key}={seen}" for key in keys]

    async def begun(self, count: int) -> None:
        """Wait until so many reads have begun."""
        await eventually(lambda: len(self.reads) >= count, what=f"{count} reads have begun")

    def end(self) -> None:
        """Let all reads end that have begun."""
        for _, may_end in self.reads:
            may_end.set()


@pytest.mark.asyncio
async def test_who_asks_together_is_answered_by_one_read() -> None:
    source = Source()
    joined = Joined(source.read, at_once=1)
    asking = [asyncio.create_task(joined.get(key)) for key in ("a", "b", "a")]
    await source.begun(1)
    source.end()
    assert await asyncio.gather(*asking) == ["a=0", "b=0", "a=0"]
    assert [keys for keys, _ in source.reads] == [["a", "b"]]


@pytest.mark.asyncio
async def test_who_asks_while_a_read_runs_gets_what_is_true_now() -> None:
    source = Source()
    joined = Joined(source.read, at_once=1)
    early = asyncio.create_task(joined.get("a"))
    await source.begun(1)
    source.value = 1
    late = [asyncio.create_task(joined.get("a")) for _ in range(3)]
    source.end()
    assert await early == "a=0"
    await source.begun(2)
    source.end()
    assert await asyncio.gather(*late) == ["a=1"] * 3
    assert len(source.reads) == 2


@pytest.mark.asyncio
async def test_a_read_that_hangs_holds_up_no_other_while_there_is_room() -> None:
    source = Source()
    joined = Joined(source.read, at_once=2)
    hanging = asyncio.create_task(joined.get("a"))
    await source.begun(1)
    other = asyncio.create_task(joined.get("b"))
    await source.begun(2)
    source.reads[1][1].set()
    assert await other == "b=0"
    assert not hanging.done()
    source.end()
    await hanging


@pytest.mark.asyncio
async def test_a_failure_reaches_all_whom_it_concerns_and_nobody_else() -> None:
    source = Source()
    joined = Joined(source.read, at_once=1)
    failing = [asyncio.create_task(joined.get("a")) for _ in range(2)]
    await source.begun(1)
    source.fails = True
    source.end()
    assert [type(error) for error in await asyncio.gather(*failing, return_exceptions=True)] == [LookupError] * 2
    source.fails = False
    after = asyncio.create_task(joined.get("a"))
    await source.begun(2)
    source.end()
    assert await after == "a=0"


@pytest.mark.asyncio
async def test_a_caller_that_goes_away_takes_nobody_along() -> None:
    source = Source()
    joined = Joined(source.read, at_once=1)
    leaving, staying = (asyncio.create_task(joined.get("a")) for _ in range(2))
    await source.begun(1)
    leaving.cancel()
    source.end()
    assert await staying == "a=0"
    assert leaving.cancelled()
