"""The proxy forwards, and does each harm it promises."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.support.tcp_proxy import TcpProxy


@contextlib.asynccontextmanager
async def echo_through_proxy() -> AsyncIterator[TcpProxy]:
    """Yield a proxy before a server that sends back each line."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while line := await reader.readline():
                writer.write(line)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


@pytest.mark.asyncio
async def test_it_forwards_both_ways() -> None:
    async with echo_through_proxy() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello\n")
        assert await asyncio.wait_for(reader.readline(), 30) == b"hello\n"
        assert proxy.connections == 1
        writer.close()


@pytest.mark.asyncio
async def test_cut_resets_and_takes_new_connections() -> None:
    async with echo_through_proxy() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"hello\n")
        await asyncio.wait_for(reader.readline(), 30)
        proxy.cut()
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"again\n")
        assert await asyncio.wait_for(reader.readline(), 30) == b"again\n"
        writer.close()


@pytest.mark.asyncio
async def test_pause_holds_back_what_resume_lets_go() -> None:
    async with echo_through_proxy() as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.pause()
        writer.write(b"held\n")
        answer = asyncio.create_task(reader.readline())
        done, _ = await asyncio.wait({answer}, timeout=0.05)
        assert not done
        proxy.resume()
        assert await asyncio.wait_for(answer, 30) == b"held\n"
        writer.close()


@pytest.mark.asyncio
async def test_delay_holds_each_chunk_back() -> None:
    async with echo_through_proxy() as proxy:
        proxy.delay = 0.05
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        started = asyncio.get_running_loop().time()
        writer.write(b"late\n")
        assert await asyncio.wait_for(reader.readline(), 30) == b"late\n"
        assert asyncio.get_running_loop().time() - started >= 0.1
        writer.close()


@pytest.mark.asyncio
async def test_refuse_resets_new_connections() -> None:
    async with echo_through_proxy() as proxy:
        proxy.refuse(refusing=True)
        with pytest.raises(OSError):  # noqa: PT011 - which reset it is, depends on the kernel's timing
            await _one_exchange(proxy.port)
        proxy.refuse(refusing=False)
        assert await _one_exchange(proxy.port) == b"hello\n"


async def _one_exchange(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"hello\n")
        line = await asyncio.wait_for(reader.readline(), 30)
    finally:
        writer.close()
    if not line:
        raise ConnectionResetError
    return line
