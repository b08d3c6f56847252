"""The Baileys engine: places connections on Node hosts and has their lines told to the listeners."""

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pombo_worker.engines.baileys.connection import BaileysConnection
from pombo_worker.engines.baileys.emptying import Emptying
from pombo_worker.engines.baileys.happenings import happening
from pombo_worker.engines.baileys.hosts import HostLimits, HostPool
from pombo_worker.engines.baileys.process import HostProcess
from pombo_worker.engines.baileys.web_version import Version, WebVersions
from pombo_worker.engines.baileys.wire import HostRefused, HostSilent, Params
from pombo_worker.engines.port import Closed, Dial, EngineUnavailable, Fenced, Listener, Opened, ProxyFailed

DIAL_SECONDS = 15
CHECK_MARGIN_SECONDS = 5


class BaileysEngine:
    """Many sessions in few hosts; hosts are started ahead of need."""

    def __init__(
        self, limits: HostLimits, *, version_page: str | None = None, version_file: Path | None = None
    ) -> None:
        """Bound how large a host becomes.

        Args:
            limits: of each host.
            version_page: names the version of WhatsApp Web, in place of WhatsApp's own page.
            version_file: where that version is kept.
        """
        self._versions = WebVersions(self.web_version, page=version_page, file=version_file)
        self._emptying = Emptying()
        self._pool = HostPool(
            limits,
            on_request=self._asked,
            on_notification=self._told,
            on_gone=self._gone,
            on_grown=self._emptying.begin,
        )
        self._listeners: dict[str, Listener] = {}
        self._placed: dict[str, HostProcess] = {}
        self._checks = itertools.count(1)

    def warm(self) -> None:
        """Start a first host in the background."""
        self._pool.keep_ready()

    async def dial(self, dial: Dial, listener: Listener) -> BaileysConnection:
        """Start a connection on a host that has room.

        Raises:
            EngineUnavailable: no host can be started, it refused, or the lease ran out meanwhile.
        """
        version = await self._versions.choose(dial.route, outdated=dial.outdated)
        host = await self._pool.take(dial.key)
        self._listeners[dial.key] = listener
        self._placed[dial.key] = host
        params: Params = {
            "session": dial.key,
            "url": dial.route.url,
            "creds": dial.creds,
            "deadlineMs": int((dial.owned_until() - _monotonic()) * 1000),
            "qrTimeoutMs": int(dial.qr_seconds * 1000) if dial.qr_seconds else None,
            "browser": list(dial.browser),
            "version": version,
            "alwaysOnline": dial.settings.always_online,
            "syncFullHistory": dial.settings.sync_full_history,
            "probeMs": int(dial.probe_seconds * 1000),
            "proxy": dial.route.proxy,
        }
        try:
            await host.wire.ask("session.open", params, DIAL_SECONDS)
        except EngineUnavailable as error:
            self._forget(dial.key)
            if isinstance(error, HostSilent):
                # It may dial yet, beside the session's next connection.
                await host.destroy()
            raise
        return BaileysConnection(host, dial.key)

    async def check_proxy(self, proxy: str, target: str, seconds: float) -> None:
        """Ask a web address through a proxy, from a host, with what a session would use.

        Raises:
            ProxyFailed: it does not lead there; the message says why.
            EngineUnavailable: no host can be started.
        """
        key = f"proxy {next(self._checks)}"
        host = await self._pool.take(key)
        params: Params = {"proxy": proxy, "url": target, "timeoutMs": int(seconds * 1000)}
        try:
            await host.wire.ask("proxy.check", params, seconds + CHECK_MARGIN_SECONDS)
        except HostRefused as refusal:
            raise ProxyFailed(str(refusal)) from None
        finally:
            host.sessions.discard(key)

    async def web_version(self, page: str, proxy: str | None, seconds: float) -> Version:
        """Ask a page for the version of WhatsApp Web, from a host, through a proxy when there is one.

        Raises:
            EngineUnavailable: it does not come, or no host can be started.
        """
        key = f"version {next(self._checks)}"
        host = await self._pool.take(key)
        params: Params = {"url": page, "proxy": proxy, "timeoutMs": int(seconds * 1000)}
        try:
            said = await host.wire.ask("version.fetch", params, seconds + CHECK_MARGIN_SECONDS)
        finally:
            host.sessions.discard(key)
        version: Version = msgspec.convert(said["version"], Version)
        return version

    async def stop(self) -> None:
        """End all hosts."""
        await self._versions.stop()
        await self._emptying.stop()
        await self._pool.stop()

    def _gone(self, host: HostProcess) -> None:
        for key in list(host.sessions):
            self._finish(key, Closed(code=None, message="the engine process ended", origin="host"))

    def _finish(self, key: str, closed: Closed) -> None:
        listener = self._forget(key)
        if listener is not None:
            listener.happened(closed)

    def _forget(self, key: str) -> Listener | None:
        host = self._placed.pop(key, None)
        if host is not None:
            host.sessions.discard(key)
            host.opened.discard(key)
        return self._listeners.pop(key, None)

    async def _asked(self, method: str, params: Params) -> Params:
        listener = self._listeners.get(params["session"])
        if listener is None:
            raise Fenced
        if method == "keys.get":
            return {"values": dict(await listener.load_keys(params["type"], params["ids"]))}
        if method == "keys.set":
            await listener.save_keys(_entries(params["entries"]), _journal(params.get("journal")))
            return {}
        if method == "message.get":
            return {"message": await listener.sent_message(params["id"])}
        if method == "creds.save":
            await listener.save_creds(params["creds"])
            return {}
        raise EngineUnavailable(method)

    def _told(self, method: str, params: Params) -> None:
        key = str(params.get("session"))
        listener, host = self._listeners.get(key), self._placed.get(key)
        told = happening(method, params)
        if listener is None or host is None or told is None:
            return
        if isinstance(told, Closed):
            moved = key in self._emptying.moving and told.origin == "local"
            self._finish(key, msgspec.structs.replace(told, origin="moved") if moved else told)
            return
        if isinstance(told, Opened):
            host.opened.add(key)
            self._emptying.logged_in()
        listener.happened(told)


def _entries(raw: Sequence[Sequence[Any]]) -> list[tuple[str, str, str | None]]:
    return [(str(kind), str(key_id), value) for kind, key_id, value in raw]


def _journal(raw: dict[str, Any] | None) -> tuple[str, dict[str, Any]] | None:
    return None if raw is None else (raw["id"], raw["message"])


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
