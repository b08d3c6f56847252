"""Processes, servers and whole deployments that run while a test uses them."""

import contextlib
from collections.abc import Iterator
from typing import Protocol, TypeVar


class Stoppable(Protocol):
    """What can be started and stopped; stopping what has not started, or not wholly, is no error."""

    def start(self) -> None:
        """Start it, and wait until it is ready."""

    def stop(self) -> None:
        """End it."""


S = TypeVar("S", bound=Stoppable)


@contextlib.contextmanager
def running(thing: S) -> Iterator[S]:
    """Let something run while the body does."""
    try:
        thing.start()
        yield thing
    finally:
        thing.stop()
