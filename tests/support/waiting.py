"""Waiting for a condition with a deadline, in place of fixed sleeps."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

POLL_SECONDS = 0.02


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Block until `condition` holds; for fixtures, whose loop is not running.

    Raises:
        TimeoutError: It did not hold within `seconds`; the message names `what` was waited for.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() >= deadline:
            message = f"{what}: not within {seconds:g} s"
            raise TimeoutError(message)
        pause.wait(POLL_SECONDS)


@overload
async def eventually(probe: Callable[[], Awaitable[T | None]], *, seconds: float = ..., what: str) -> T: ...


@overload
async def eventually(probe: Callable[[], T | None], *, seconds: float = ..., what: str) -> T: ...


async def eventually(probe: Callable[[], Awaitable[T | None] | T | None], *, seconds: float = 30.0, what: str) -> T:
    """Return the first true value that `probe` gives, called again and again.

    Args:
        probe: A function or a coroutine function without arguments.
        seconds: The deadline.
        what: What is waited for, named in the error.

    Raises:
        TimeoutError: `probe` gave nothing true within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        value = await answer if isinstance(answer, Awaitable) else answer
        if value:
            return value
        if time.monotonic() >= deadline:
            message = f"{what}: not within {seconds:g} s"
            raise TimeoutError(message)
        await asyncio.sleep(POLL_SECONDS)
