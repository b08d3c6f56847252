"""Looks names up in threads of its own, so that a name whose servers are dead holds up no other name.

Nothing ends a look-up of the operating system before its own time, which can be half a minute.
"""

import asyncio
import contextlib
import socket
import threading
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

Key = tuple[str, socket.AddressFamily]
Found = list[tuple[socket.AddressFamily, int, str]]
"""Family, protocol and address of each answer."""

QUICK = 64
"""Look-ups that have just begun; each gives up its place when it lasts long."""

LONG = 96
"""Look-ups that turned out to last long."""

SLOW = 96
"""Look-ups of names whose last one lasted long: those wait for each other only."""

LONG_SECONDS = 1.0

REMEMBERED = 10_000
"""Names that are known as slow."""


class NameResolver(AbstractResolver):
    """Asks the operating system, with its hosts file and search domains; all who want one name share one look-up."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self._under_way: dict[Key, asyncio.Task[Found]] = {}
        self._quick = asyncio.Semaphore(QUICK)
        self._long = asyncio.Semaphore(LONG)
        self._known_slow = asyncio.Semaphore(SLOW)
        self._slow: set[Key] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name.

        Raises:
            OSError: it has none, or nobody who knows answered.
        """
        key = host.lower(), family
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._look_up(key))
            task.add_done_callback(lambda _: self._under_way.pop(key))
        # Whoever gives up leaves it to the others, and to the next try.
        found = await asyncio.shield(task)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=protocol, flags=socket.AI_NUMERICHOST
            )
            for kind, protocol, address in found
        ]

    async def close(self) -> None:
        """Nothing is held that does not end by itself."""

    async def _look_up(self, key: Key) -> Found:
        if key in self._slow:
            async with self._known_slow:
                asked = _asked(key)
                await self._lasts_long(key, asked)
                return await asked
        async with self._quick:
            asked = _asked(key)
            if not await self._lasts_long(key, asked) or self._long.locked():
                return await asked
            await self._long.acquire()  # at once, since it is not locked
        try:
            return await asked
        finally:
            self._long.release()

    async def _lasts_long(self, key: Key, asked: asyncio.Future[Found]) -> bool:
        """Wait for the answer for a while; tells, and keeps in mind, whether it takes longer."""
        done, _ = await asyncio.wait([asked], timeout=LONG_SECONDS)
        if done:
            self._slow.discard(key)
            return False
        if len(self._slow) >= REMEMBERED:
            self._slow.clear()
        self._slow.add(key)
        return True


def _asked(key: Key) -> asyncio.Future[Found]:
    """Ask in a thread that nobody waits for when the process ends."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Found] = loop.create_future()

    def tell(found: Found | Exception) -> None:
        if answer.done():
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found = _addresses(key)
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, name="pombo-look-up", daemon=True).start()
    return answer


def _addresses(key: Key) -> Found | Exception:
    name, family = key
    try:
        # A port does not change the answer, so that one look-up serves all of them.
        infos = socket.getaddrinfo(name, None, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return [(kind, protocol, _address(address)) for kind, _, protocol, _, address in infos]
    except Exception as error:  # noqa: BLE001 - raised where the answer is awaited
        return error


def _address(address: tuple[Any, ...]) -> str:
    """Return an address as text, one of a single network link with the name of the link."""
    if len(address) == 4 and address[3]:  # noqa: PLR2004 - IPv6, and its scope
        return socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
    return str(address[0])
