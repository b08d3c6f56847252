"""The Baileys engine: places connections on Node hosts and translates their lines for the listeners."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog

from pombo_common.model.commands import Presence
from pombo_worker.engines.baileys.process import HostProcess
from pombo_worker.engines.baileys.wire import HostLost, Params
from pombo_worker.engines.port import (
    Account,
    CallSeen,
    Closed,
    Connecting,
    Dial,
    EngineUnavailable,
    Fenced,
    Happening,
    Listener,
    MessageSeen,
    Opened,
    Paired,
    QrShown,
)

DIAL_SECONDS = 15
CLOSE_SECONDS = 8
PAIR_SECONDS = 15
REPLY_SECONDS = 25


class BaileysConnection:
    """One connection on one host."""

    def __init__(self, host: HostProcess, key: str) -> None:
        """Name the connection."""
        self._host = host
        self._key = key

    async def close(self, *, logout: bool) -> None:
        """End it; a host that does not answer is ended as a whole, so that no socket stays behind."""
        try:
            await self._host.wire.ask("session.close", {"session": self._key, "logout": logout}, CLOSE_SECONDS)
        except HostLost:
            return
        except EngineUnavailable:
            structlog.get_logger().error("host.stuck", sessions=len(self._host.sessions))
            await self._host.stop()

    async def pair(self, number: str, code: str | None) -> str:
        """Ask WhatsApp for a pairing code.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        params = {"session": self._key, "number": number, "code": code}
        return str((await self._host.wire.ask("session.pair", params, PAIR_SECONDS))["code"])

    async def show(self, presence: Presence) -> None:
        """Show a presence.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        await self._host.wire.ask("session.presence", {"session": self._key, "presence": presence}, CLOSE_SECONDS)

    async def reject(self, call: dict[str, Any], text: str) -> None:
        """Reject a call; the text goes to the caller's phone number when WhatsApp tells it.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        chat = call.get("callerPn") or call["from"]
        params = {"session": self._key, "callId": call["id"], "from": call["from"], "to": chat, "text": text or None}
        await self._host.wire.ask("session.rejectCall", params, REPLY_SECONDS)

    async def mark_read(self, keys: Sequence[dict[str, Any]]) -> None:
        """Say that messages were read.

        Raises:
            EngineUnavailable: the host refused or is gone.
        """
        await self._host.wire.ask("session.markRead", {"session": self._key, "keys": list(keys)}, REPLY_SECONDS)

    def renewed(self, seconds: float) -> None:
        """Pass the renewal on; the host counts from when it reads the line, by its own clock."""
        self._host.wire.tell("lease.renew", {"sessions": {self._key: int(seconds * 1000)}})


class BaileysEngine:
    """Many sessions in few hosts; hosts are started when needed."""

    def __init__(self, *, sessions_per_host: int) -> None:
        """Bound how many sessions share a process."""
        self._limit = sessions_per_host
        self._hosts: list[HostProcess] = []
        self._listeners: dict[str, Listener] = {}
        self._starting = asyncio.Lock()

    async def dial(self, dial: Dial, listener: Listener) -> BaileysConnection:
        """Start a connection on the host with the fewest sessions.

        Raises:
            EngineUnavailable: no host can be started, or it refused.
        """
        host = await self._host()
        host.sessions.add(dial.key)
        self._listeners[dial.key] = listener
        params: Params = {
            "session": dial.key,
            "url": dial.route.url,
            "creds": dial.creds,
            "deadlineMs": int(dial.lease_seconds * 1000),
            "qrTimeoutMs": int(dial.qr_seconds * 1000) if dial.qr_seconds else None,
            "browser": list(dial.browser),
            "version": dial.version,
            "alwaysOnline": dial.settings.always_online,
            "syncFullHistory": dial.settings.sync_full_history,
            "probeMs": int(dial.probe_seconds * 1000),
            "proxy": dial.route.proxy,
        }
        try:
            await host.wire.ask("session.open", params, DIAL_SECONDS)
        except EngineUnavailable:
            host.sessions.discard(dial.key)
            self._listeners.pop(dial.key, None)
            raise
        return BaileysConnection(host, dial.key)

    async def stop(self) -> None:
        """End all hosts."""
        await asyncio.gather(*(host.stop() for host in list(self._hosts)))

    async def _host(self) -> HostProcess:
        async with self._starting:
            free = [host for host in self._hosts if len(host.sessions) < self._limit]
            if free:
                return min(free, key=lambda host: len(host.sessions))
            host = HostProcess(on_request=self._asked, on_notification=self._told, on_exit=self._exited)
            await host.start()
            self._hosts.append(host)
            return host

    def _exited(self, host: HostProcess) -> None:
        if host in self._hosts:
            self._hosts.remove(host)
        for key in list(host.sessions):
            self._finish(host, key, Closed(code=None, message="the engine process ended", origin="host"))

    def _finish(self, host: HostProcess, key: str, closed: Closed) -> None:
        host.sessions.discard(key)
        listener = self._listeners.pop(key, None)
        if listener is not None:
            listener.happened(closed)

    async def _asked(self, method: str, params: Params) -> Params:
        listener = self._listeners.get(params["session"])
        if listener is None:
            raise Fenced
        if method == "keys.get":
            return {"values": dict(await listener.load_keys(params["type"], params["ids"]))}
        if method == "keys.set":
            await listener.save_keys(_entries(params["entries"]), _journal(params.get("journal")))
            return {}
        if method == "creds.save":
            await listener.save_creds(params["creds"])
            return {}
        raise EngineUnavailable(method)

    def _told(self, method: str, params: Params) -> None:
        key = str(params.get("session"))
        listener = self._listeners.get(key)
        happening = _happening(method, params)
        if listener is None or happening is None:
            return
        if isinstance(happening, Closed):
            for host in self._hosts:
                if key in host.sessions:
                    self._finish(host, key, happening)
        else:
            listener.happened(happening)


def _entries(raw: Sequence[Sequence[Any]]) -> list[tuple[str, str, str | None]]:
    return [(str(kind), str(key_id), value) for kind, key_id, value in raw]


def _journal(raw: dict[str, Any] | None) -> tuple[str, dict[str, Any]] | None:
    return None if raw is None else (raw["id"], raw["message"])


def _happening(method: str, params: Params) -> Happening | None:
    """Translate a notification; None for one that this version does not know."""
    translate = TRANSLATIONS.get(method)
    return None if translate is None else translate(params)


TRANSLATIONS: dict[str, Callable[[Params], Happening]] = {
    "session.connecting": lambda _: Connecting(),
    "session.qr": lambda said: QrShown(code=said["qr"], seconds=said["expiresInMs"] / 1000),
    "session.paired": lambda said: Paired(account=msgspec.convert(said["me"], Account)),
    "session.open": lambda said: Opened(account=msgspec.convert(said["me"], Account)),
    "session.message": lambda said: MessageSeen(journal=said.get("journal"), message=said["message"]),
    "session.call": lambda said: CallSeen(call=said["call"]),
    "session.closed": lambda said: Closed(
        code=said.get("code"), message=said.get("message", ""), origin=said["origin"]
    ),
}
