"""JSON lines to and from a Node host: requests with ids in both directions, notifications, and spool files.

No line exceeds 1 MiB; a larger message goes through a file in the host's private spool folder, and the line names it.
"""

import asyncio
import itertools
import re
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from pombo_worker.engines.port import EngineUnavailable, Fenced
from pombo_worker.engines.unavailable import EngineGone

LINE_LIMIT = 1024 * 1024
BEGINNING = re.compile(rb'\{"id":(?P<id>\d{1,15}),"(?P<member>method|result|error)":')
"""How the host begins its requests and answers."""

Params = dict[str, Any]


class Message(msgspec.Struct, omit_defaults=True):
    """One line: a request (method and id), a notification (method), or a response (id)."""

    id: int | None = None
    method: str | None = None
    params: Params = {}
    result: Params | None = None
    error: dict[str, str] | None = None
    spool: str | None = None


class HostLost(EngineGone):
    """The host went away before it answered."""


class HostRefused(EngineUnavailable):
    """The host answered with an error; the message is its own."""


class HostSilent(EngineUnavailable):
    """The host is there and did not answer in time; it may do later what it was asked."""


class Wire:
    """Speaks with one host over its pipes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        spool: Path,
        *,
        on_request: Callable[[str, Params], Awaitable[Params]],
        on_notification: Callable[[str, Params], None],
    ) -> None:
        """Take the pipes; `run` does the reading.

        Args:
            reader: the host's stdout, with a limit above LINE_LIMIT.
            writer: the host's stdin.
            spool: private folder for large messages.
            on_request: answers a request of the host; Fenced is passed on as the code `fenced`.
            on_notification: takes a notification, in order; must not block.
        """
        self._reader = reader
        self._writer = writer
        self._spool = spool
        self._on_request = on_request
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Params]] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._lost = False

    async def run(self) -> None:
        """Read until the host's stdout ends; then every open request fails with HostLost."""
        try:
            while line := await self._reader.readline():
                self._take(line)
        except (ValueError, ConnectionError) as error:
            structlog.get_logger().error("host.unreadable", error=type(error).__name__)
        finally:
            self._lost = True
            for task in self._answering:
                task.cancel()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(HostLost("the engine process ended"))
            self._waiting.clear()

    async def ask(self, method: str, params: Params, seconds: float) -> Params:
        """Send a request and wait for its answer.

        Raises:
            EngineUnavailable: refused (HostRefused), not answered in time (HostSilent), or the host is gone (HostLost).
        """
        if self._lost:
            raise HostLost("the engine process ended")
        number = next(self._ids)
        future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(Message(id=number, method=method, params=params))
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            msg = f"the engine process did not answer {method} in time"
            raise HostSilent(msg) from None
        finally:
            self._waiting.pop(number, None)

    def tell(self, method: str, params: Params) -> None:
        """Send a notification; lost when the host is gone."""
        self._send(Message(method=method, params=params))

    def _send(self, message: Message) -> None:
        if self._lost or self._writer.is_closing():
            return
        line = msgspec.json.encode(message)
        if len(line) >= LINE_LIMIT:
            path = self._spool / f"to-host-{uuid.uuid4().hex}"
            path.write_bytes(line)
            line = msgspec.json.encode(Message(spool=str(path)))
        self._writer.write(line + b"\n")

    def _take(self, line: bytes) -> None:
        try:
            message = msgspec.json.decode(line, type=Message)
            if message.spool is not None:
                line = self._unspool(Path(message.spool))
                message = msgspec.json.decode(line, type=Message)
        except (msgspec.DecodeError, msgspec.ValidationError, OSError) as error:
            structlog.get_logger().warning("host.bad_line", error=type(error).__name__, length=len(line))
            self._refuse(line)
            return
        if message.method is None:
            self._resolve(message)
        elif message.id is None:
            self._notify(message.method, message.params)
        else:
            task = asyncio.create_task(self._answer(message.id, message.method, message.params))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    def _notify(self, method: str, params: Params) -> None:
        try:
            self._on_notification(method, params)
        except Exception as error:  # noqa: BLE001 - one bad notification must not end the reading for all sessions
            structlog.get_logger().error("host.bad_notification", method=method, error=type(error).__name__)

    def _refuse(self, line: bytes) -> None:
        """Leave nobody waiting for a line that cannot be read: its beginning tells what it was."""
        begun = BEGINNING.match(line)
        if begun is None:
            return
        number = int(begun["id"])
        error = {"code": "bad_line", "message": "the line could not be read"}
        if begun["member"] == b"method":
            self._send(Message(id=number, error=error))
        else:
            self._resolve(Message(id=number, error=error))

    def _unspool(self, path: Path) -> bytes:
        if path.parent.resolve() != self._spool.resolve():
            raise FileNotFoundError
        content = path.read_bytes()
        path.unlink()
        return content

    def _resolve(self, message: Message) -> None:
        future = self._waiting.get(message.id or 0)
        if future is None or future.done():
            return
        if message.error is not None:
            future.set_exception(HostRefused(message.error.get("message", "refused"), message.error.get("code")))
        else:
            future.set_result(message.result or {})

    async def _answer(self, number: int, method: str, params: Params) -> None:
        try:
            answer = Message(id=number, result=await self._on_request(method, params))
        except Fenced:
            answer = Message(id=number, error={"code": "fenced", "message": "the session is owned elsewhere"})
        except Exception as error:  # noqa: BLE001 - whatever it is, the host must get an answer
            structlog.get_logger().error("host.request_failed", method=method, error=type(error).__name__)
            answer = Message(id=number, error={"code": "failed", "message": "the worker could not do it"})
        self._send(answer)
