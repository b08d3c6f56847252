"""Which adapters a configuration leads to, and how they are opened and closed."""

from pathlib import Path
from typing import Self

import pytest

from pombo import composition
from pombo.composition import build_vault, embedded_ports, open_ports, remote_sandbox, require
from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.config import Config, ConfigError
from pombo_common.ports.bus import BusUnavailable
from pombo_common.ports.store import StoreUnavailable
from pombo_common.vault import new_key


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        require(Config(bus_url="amqp://h"), ("store_url", "POMBO_STORE_URL"), ("bus_url", "X"), ("api_key", "KEY"))
    assert str(caught.value).splitlines() == ["POMBO_STORE_URL: is required here", "KEY: is required here"]
    require(Config(api_key="k"), ("api_key", "KEY"))


def test_the_first_key_of_the_ring_seals() -> None:
    first, second = new_key(), new_key()
    blob = build_vault(f"{first},{second}").seal(b"x", "c")
    assert build_vault(first).open(blob, "c") == b"x"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("config", "url"),
    [
        (Config(), None),
        (Config(sandbox=True), None),
        (Config(sandbox_url="http://h:1/"), "http://h:1"),
        (Config(sandbox_url="http://h:1", sandbox=True, sandbox_key="k"), "http://h:1"),
        (Config(sandbox_url="http://h:1", sandbox=False), None),
    ],
)
async def test_the_sandbox_that_somebody_else_runs(config: Config, url: str | None) -> None:
    sandbox = remote_sandbox(config)
    assert (None if sandbox is None else (await sandbox.endpoint()).url) == url


@pytest.mark.asyncio
async def test_embedded_ports_work_and_are_closed_at_the_end(tmp_path: Path) -> None:
    store, bus = embedded_ports(Config(data_dir=str(tmp_path)))
    async with open_ports(store, bus):
        assert await store.instances() == []
        await bus.ping()
        assert (tmp_path / "pombo.db").exists()
    with pytest.raises(StoreUnavailable):
        await store.now()
    with pytest.raises(BusUnavailable):
        await bus.ping()


@pytest.mark.asyncio
async def test_how_the_store_would_lose_data_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said = ["it keeps no log", "it evicts 100% of all"]

    async def warnings(_: SqliteStore) -> list[str]:
        return said

    monkeypatch.setattr(SqliteStore, "warnings", warnings)
    async with open_ports(*embedded_ports(Config(data_dir=str(tmp_path)))):
        pass
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == said


class Starting:
    """A port's `open` that fails so many times first, and counts."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error
        self.opened = self.closed = 0

    async def open(self) -> None:
        """Open, at last."""
        if self.left:
            self.left -= 1
            raise self.error
        self.opened += 1

    async def close(self) -> None:
        """Close."""
        self.closed += 1

    def of(self, monkeypatch: pytest.MonkeyPatch, kind: type) -> Self:
        """Stand in for a port's two methods."""
        monkeypatch.setattr(kind, "open", lambda _: self.open())
        monkeypatch.setattr(kind, "close", lambda _: self.close())
        return self


@pytest.mark.asyncio
async def test_servers_that_are_still_starting_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "PAUSE_SECONDS", 0)
    store = Starting(3, StoreUnavailable()).of(monkeypatch, SqliteStore)
    bus = Starting(2, BusUnavailable()).of(monkeypatch, InProcessBus)
    async with open_ports(*embedded_ports(Config(data_dir=str(tmp_path)))):
        assert (store.opened, bus.opened) == (1, 1)
    assert (store.closed, bus.closed) == (1, 1)


@pytest.mark.asyncio
async def test_a_server_that_does_not_come_ends_the_wait_and_closes_what_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "START_SECONDS", 0)
    store = Starting(0, StoreUnavailable()).of(monkeypatch, SqliteStore)
    Starting(99, BusUnavailable()).of(monkeypatch, InProcessBus)
    with pytest.raises(BusUnavailable):
        async with open_ports(*embedded_ports(Config(data_dir=str(tmp_path)))):
            pass
    assert (store.opened, store.closed) == (1, 1)
