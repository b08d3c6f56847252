"""A bound on how many linked sessions log in at once: a whole host's, or a whole worker's, may want to."""

import asyncio

LOGINS_AT_ONCE = 6
LOGIN_SECONDS = 2.0
"""How long a login keeps its place: one that hangs must not hold up the others."""


class Logins:
    """Places for logins; who has one gives it back, or loses it after a time."""

    def __init__(self, at_once: int = LOGINS_AT_ONCE, seconds: float = LOGIN_SECONDS) -> None:
        """Give so many places, each for so long."""
        self._places = asyncio.Semaphore(at_once)
        self._seconds = seconds
        self._held: dict[object, asyncio.TimerHandle] = {}

    async def enter(self, who: object) -> None:
        """Wait for a place; whoever has one keeps it."""
        self.leave(who)
        await self._places.acquire()
        self._held[who] = asyncio.get_running_loop().call_later(self._seconds, self.leave, who)

    def leave(self, who: object) -> None:
        """Give the place back, if there is one."""
        timer = self._held.pop(who, None)
        if timer is not None:
            timer.cancel()
            self._places.release()
