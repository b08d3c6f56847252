"""Requests that wait for a session to come so far."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from pombo_common.model.commands import PlainCommand
from tests.contract.api.conftest import Api


async def waiting_request(api: Api, request: Coroutine[Any, Any, httpx.Response]) -> asyncio.Task[httpx.Response]:
    """Start a request, and return once its command has its reply under way."""
    replied = asyncio.Event()

    async def after(_: PlainCommand) -> None:
        replied.set()

    api.worker.after = after
    task = asyncio.create_task(request)
    async with asyncio.timeout(10):
        await replied.wait()
    return task
