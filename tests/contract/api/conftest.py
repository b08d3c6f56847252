"""The real API in the test's own loop, on a SQLite store and the in-process Bus, with a scripted worker."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from pombo_api.app import create_app
from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.config import Config
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault
from tests.contract.api.asgi import client_of
from tests.contract.api.scripted_worker import OWNER, ScriptedWorker

GLOBAL_KEY = "GLOBAL-KEY"
GLOBAL = {"apikey": GLOBAL_KEY}


@dataclass
class Api:
    """A running API, and what a test needs to look behind it."""

    client: httpx.AsyncClient
    store: SqliteStore
    bus: InProcessBus
    vault: Vault
    worker: ScriptedWorker
    app: Litestar

    async def create(self, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the body
        """Create an instance with the global key."""
        body = {"instanceName": name, "integration": "WHATSAPP-BAILEYS"} | fields
        answer = await self.client.post("/instance/create", json=body, headers=GLOBAL)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created


@pytest.fixture
def config() -> Config:
    """Return the API's configuration; a module overrides it with a fixture of its own."""
    return Config(api_key=GLOBAL_KEY, connect_seconds=5.0)


@pytest.fixture
def sandbox() -> Sandbox | None:
    """Return no sandbox."""
    return None


@pytest_asyncio.fixture
async def api(tmp_path: Path, config: Config, sandbox: Sandbox | None) -> AsyncIterator[Api]:
    """Yield the API with a worker that answers."""
    store, bus, vault = SqliteStore(tmp_path / "pombo.db"), InProcessBus(grace=0.0), Vault([bytes(32)])
    await store.open()
    await bus.open()
    worker = ScriptedWorker(store, vault, GLOBAL_KEY)
    await bus.serve(OWNER, worker.handle, prefetch=10)
    app = create_app(config, store, bus, vault, sandbox)
    async with client_of(app) as client:
        yield Api(client, store, bus, vault, worker, app)
    await bus.close()
    await store.close()
