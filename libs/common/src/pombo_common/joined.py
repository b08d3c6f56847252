"""Reads that are asked for in the same turn of the loop, or while enough others run, become one."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

Callers = dict[K, list[asyncio.Future[V]]]


class Joined(Generic[K, V]):
    """Answers many callers with few reads; belongs to the loop that uses it first.

    A read begins after whoever it answers has asked, so nobody gets what was read before.
    """

    def __init__(self, read: Callable[[Sequence[K]], Awaitable[Sequence[V]]], *, at_once: int) -> None:
        """Read nothing yet.

        Args:
            read: from keys, each one once, to their values in the same order.
            at_once: reads that run side by side; what comes while so many run waits for the next.
        """
        self._read = read
        self._free = at_once
        self._waiting: Callers[K, V] = {}
        self._begun = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, key: K) -> V:
        """Return the value of one key.

        Raises:
            Exception: whatever the read raised, to all whom it was for.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[V] = loop.create_future()
        self._waiting.setdefault(key, []).append(answer)
        if not self._begun and self._free:
            self._begun = True
            loop.call_soon(self._begin)
        return await answer

    def _begin(self) -> None:
        """Read what is waited for now; whoever asks in the rest of this turn was added already."""
        callers, self._waiting, self._begun = self._waiting, {}, False
        self._free -= 1
        task = asyncio.get_running_loop().create_task(self._answer(callers))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, callers: Callers[K, V]) -> None:
        try:
            values = await self._read(list(callers))
        except Exception as error:  # noqa: BLE001 - its callers hear it
            for answer in _open(callers.values()):
                answer.set_exception(error)
        else:
            for answers, value in zip(callers.values(), values, strict=True):
                for answer in _open([answers]):
                    answer.set_result(value)
        finally:
            for answer in _open(callers.values()):  # The loop ends, and this task was cancelled.
                answer.cancel()
            self._free += 1
            if self._waiting and not self._begun:
                self._begin()


def _open(groups: Iterable[Iterable[asyncio.Future[V]]]) -> Iterator[asyncio.Future[V]]:
    """Yield the futures whose callers still wait."""
    for group in groups:
        for answer in group:
            if not answer.done():
                yield answer
