"""A TCP proxy between a client and a server that can cut, freeze, delay and refuse."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from tests.support.ports import free_port

CHUNK_BYTES = 65536


class TcpProxy:
    """Forwards a loopback port to `host`:`port` and harms the traffic on request; an async context manager.

    Args:
        host: Where to forward to.
        port: The port there.

    Attributes:
        port: The port it listens on at 127.0.0.1, known once it is entered and kept until it is left.
        delay: Seconds each chunk is held back, in either direction.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self.port = 0
        self.delay = 0.0

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", free_port())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        links = list(self._links)
        self.cut()
        await asyncio.gather(*links, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._links)

    def cut(self) -> None:
        """Reset every connection; new ones are taken."""
        for writer in self._writers:
            writer.transport.abort()
        for link in self._links:
            link.cancel()

    def pause(self) -> None:
        """Forward nothing more, connections left open, as a cable pulled out does."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again, what was held back first."""
        self._flowing.set()

    def refuse(self, *, refusing: bool) -> None:
        """Reset each new connection at once while `refusing`."""
        self._refusing = refusing

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        # Known from now on: a task that is cancelled before its first step closes nothing.
        self._writers.add(writer)
        link = asyncio.create_task(self._serve(reader, writer))
        self._links.add(link)
        link.add_done_callback(lambda done: self._over(done, writer))

    def _over(self, link: asyncio.Task[None], writer: asyncio.StreamWriter) -> None:
        self._links.discard(link)
        self._writers.discard(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        remote: asyncio.StreamWriter | None = None
        try:
            with contextlib.suppress(OSError):
                remote_reader, remote = await asyncio.open_connection(*self._target)
                self._writers.add(remote)
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, remote))
                    both.create_task(self._pump(remote_reader, writer))
        finally:
            for end in (writer, remote):
                if end is not None:
                    self._writers.discard(end)
                    end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(CHUNK_BYTES):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                sink.write(chunk)
                await sink.drain()
            sink.write_eof()
