"""Probes, and the welcome."""

import asyncio

import pytest

from tests.contract.api.conftest import Api

pytestmark = pytest.mark.asyncio


async def test_it_lives_and_is_ready(api: Api) -> None:
    for path in ("/", "/health/live", "/health/ready", "/health/ready/"):
        assert (await api.client.get(path)).status_code == 200


async def test_ready_carries_how_the_store_would_lose_data(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await api.client.get("/health/ready")).json() == {"status": "ready", "warnings": []}

    async def warnings() -> list[str]:
        return ["Redis keeps no append-only file"]

    monkeypatch.setattr(api.store, "warnings", warnings)
    answer = await api.client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "warnings": ["Redis keeps no append-only file"]}


async def test_not_ready_names_what_is_away(api: Api) -> None:
    await api.bus.close()
    answer = await api.client.get("/health/ready")
    assert (answer.status_code, answer.json()["response"]["message"]) == (503, ["The bus is not reachable"])
    await api.store.close()
    answer = await api.client.get("/health/ready")
    assert answer.json()["response"]["message"] == ["The store is not reachable", "The bus is not reachable"]
    assert (await api.client.get("/health/live")).status_code == 200


async def test_a_probe_that_hangs_counts_as_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pombo_api.routes.health.PROBE_SECONDS", 0.05)
    monkeypatch.setattr(api.store, "now", asyncio.Event().wait)
    answer = await api.client.get("/health/ready")
    assert (answer.status_code, answer.json()["response"]["message"]) == (503, ["The store is not reachable"])
