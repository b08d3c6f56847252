"""What a worker does again and again for as long as it lives: an error ends one round of it, never the rounds."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from pombo_common.ports.store import StoreUnavailable

Round = Callable[[], Awaitable[float | None]]
"""Does the work once; returns the seconds until the next time, or None when there is none."""


async def repeat(what: str, work: Round, *, retry: float) -> None:
    """Do work again and again until it says that it is done.

    Args:
        what: names it in the log.
        work: one round.
        retry: seconds after which a round that failed is followed by the next.
    """
    pause: float | None = retry
    while pause is not None:
        pause = retry
        with outlived(what):
            pause = await work()
        if pause is not None:
            await asyncio.sleep(pause)


@contextmanager
def outlived(what: str, **about: object) -> Iterator[None]:
    """Log any error of the body, and go on behind it.

    Args:
        what: names the body's work in the log.
        about: what else the log says of it.
    """
    try:
        yield
    except StoreUnavailable:
        structlog.get_logger().warning(f"{what}.store_away", **about)
    except Exception as error:  # noqa: BLE001 - whatever it is, the work must go on
        tell_of(what, error, **about)


def tell_of(what: str, error: Exception, **about: object) -> None:
    """Log an error that the work outlives: its kind and place alone, since its words may tell secrets."""
    structlog.get_logger().error(f"{what}.broken", error=type(error).__name__, at=_place(error), **about)


def _place(error: Exception) -> str:
    """Return where an error comes from: the last of our own lines on its way."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "pombo" in Path(frame.filename).parent.as_posix()] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}"
