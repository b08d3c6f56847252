"""The version of WhatsApp Web that sessions give themselves for: remembered, looked up aside, and never waited for."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import structlog

from pombo_worker.engines.port import EngineUnavailable, Route

OWN_PAGE = "https://web.whatsapp.com/sw.js"
GOOD_SECONDS = 24 * 3600.0
PAUSE_SECONDS = 300.0
"""Between two look-ups for the same cause: many sessions are refused at once when a version has run out."""

FETCH_SECONDS = 10.0

Version = tuple[int, int, int]
Fetch = Callable[[str, str | None, float], Awaitable[Version]]
"""From page, proxy and time limit in seconds to the version; raises EngineUnavailable."""


class Known(msgspec.Struct, frozen=True):
    """What was looked up; `at` is in seconds since the epoch."""

    version: Version
    at: float


class WebVersions:
    """Remembers the version in memory and in a file; without either the library's own, pinned one serves."""

    def __init__(self, fetch: Fetch, *, page: str | None, file: Path | None) -> None:
        """Look it up with this function.

        Args:
            fetch: asks a page.
            page: another than WhatsApp's own.
            file: where it is kept; None keeps it in memory only.
        """
        self._fetch = fetch
        self._page = page
        self._file = file
        self._known: Known | None = None
        self._read = False
        self._tried_at: dict[bool, float] = {}
        self._looking: asyncio.Task[None] | None = None

    async def choose(self, route: Route, *, outdated: bool) -> Version | None:
        """Return the version to dial with, at once; None is the library's own.

        Only a dial after one that was refused as outdated waits, for a look-up of `FETCH_SECONDS` at most.
        """
        if not self._concerns(route):
            return None
        if not self._read:
            self._read = True
            self._known = await asyncio.to_thread(self._load)
        if outdated or self._known is None or time.time() - self._known.at > GOOD_SECONDS:
            looking = self._look(route.proxy, outdated=outdated)
            if outdated and looking is not None:
                await asyncio.wait([looking])
        return None if self._known is None else self._known.version

    async def stop(self) -> None:
        """Give up what is being looked up."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _concerns(self, route: Route) -> bool:
        """Tell whether such sessions dial WhatsApp, or a page was named for those that stand in for them."""
        return not route.sandbox and (route.url is None or self._page is not None)

    def _look(self, proxy: str | None, *, outdated: bool) -> asyncio.Task[None] | None:
        now = time.monotonic()
        if self._looking is not None and not self._looking.done():
            return self._looking
        tried_at = self._tried_at.get(outdated)
        if tried_at is not None and now - tried_at < PAUSE_SECONDS:
            return None
        self._tried_at[outdated] = now
        self._looking = asyncio.create_task(self._refresh(proxy), name="WhatsApp Web's version")
        return self._looking

    async def _refresh(self, proxy: str | None) -> None:
        try:
            version = await self._fetch(self._page or OWN_PAGE, proxy, FETCH_SECONDS)
        except EngineUnavailable as error:
            structlog.get_logger().warning("web_version.unknown", why=str(error))
            return
        self._known = Known(version, time.time())
        structlog.get_logger().info("web_version.known", version=".".join(map(str, version)))
        await asyncio.to_thread(self._save, self._known)

    def _load(self) -> Known | None:
        if self._file is None:
            return None
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Known)
        except (OSError, msgspec.DecodeError):
            return None

    def _save(self, known: Known) -> None:
        """Write the file anew; a folder that cannot be written to leaves it to memory."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_bytes(msgspec.json.encode(known))
            new.replace(self._file)
