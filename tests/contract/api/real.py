"""The real API on the real worker, store and bus; only WhatsApp and its phones are played."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
from aiohttp.test_utils import TestServer
from litestar import Litestar

from pombo_api.app import create_app
from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.config import Config
from pombo_common.sandbox import FixedSandbox, SandboxEndpoint
from pombo_common.vault import Vault
from pombo_worker.runtime import Worker
from tests.contract.api.asgi import client_of
from tests.contract.api.control_port import KEY, ControlPort
from tests.contract.api.quick_engine import QuickEngine

GLOBAL_KEY = "GLOBAL-KEY"
GLOBAL = {"apikey": GLOBAL_KEY}


@dataclass
class Real:
    """What a test works with."""

    client: httpx.AsyncClient
    app: Litestar
    store: SqliteStore
    engine: QuickEngine
    document: dict[str, Any]

    async def ask(self, method: str, path: str, body: object = None, *, key: str = GLOBAL_KEY) -> httpx.Response:
        """Send a request, with a JSON body unless it is None."""
        content = None if body is None else msgspec.json.encode(body)
        headers = {"apikey": key} | ({} if content is None else {"content-type": "application/json"})
        return await self.client.request(method, path, content=content, headers=headers)

    async def create(self, name: str, **fields: object) -> dict[str, Any]:
        """Create an instance."""
        body = {"instanceName": name, "integration": "WHATSAPP-SANDBOX"} | fields
        answer = await self.ask("POST", "/instance/create", body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    config: Config | None = None,
    *,
    keys: Sequence[bytes] = (bytes(32),),
    worker_keys: Sequence[bytes] | None = None,
) -> AsyncIterator[Real]:
    """Run it all in the caller's loop.

    Args:
        folder: of the store.
        config: left out: an ordinary one.
        keys: the API's key ring.
        worker_keys: the worker's; left out: the same.
    """
    config = config or Config(api_key=GLOBAL_KEY, connect_seconds=5.0)
    store, bus, engine = SqliteStore(folder / "pombo.db"), InProcessBus(), QuickEngine()
    await store.open()
    await bus.open()
    async with TestServer(ControlPort(engine).application()) as control:
        sandbox = FixedSandbox(SandboxEndpoint(url=str(control.make_url("")).rstrip("/"), key=KEY))
        worker = Worker(config, store=store, bus=bus, vault=Vault(worker_keys or keys), engine=engine, sandbox=sandbox)
        await worker.start()
        app = create_app(config, store, bus, Vault(keys), sandbox)
        async with client_of(app) as client:
            yield Real(client, app, store, engine, msgspec.json.decode(app.state.document))
        await worker.stop()
    await bus.close()
    await store.close()
