"""Lists under many requests at once: no row is older than the request that shows it, and views do not mix."""

import asyncio
from typing import Any

import msgspec
import pytest

from pombo_common.ports.changes import Change, Verdict
from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio

LIST = "/instance/fetchInstances"


async def test_what_changed_before_a_list_was_asked_for_is_in_it_however_many_ask(api: Api) -> None:
    created = await api.create("a")
    instance_id = created["instance"]["instanceId"]
    asking = True

    async def ask_on() -> None:
        while asking:
            await api.client.get(LIST, headers=GLOBAL)

    async with asyncio.TaskGroup() as crowd:
        for _ in range(8):
            crowd.create_task(ask_on())
        for turn in range(20):
            name = f"Ana {turn}"
            await _show(api, "a", instance_id, profile_name=name, owner_jid="1@s.whatsapp.net")
            answers = await asyncio.gather(*(api.client.get(LIST, headers=GLOBAL) for _ in range(3)))
            assert [answer.json()[0]["instance"]["profileName"] for answer in answers] == [name] * 3
        asking = False


async def test_a_row_follows_record_and_state_and_goes_with_its_instance(api: Api) -> None:
    first = (await api.create("a"))["instance"]["instanceId"]
    await api.create("b")
    assert await _states(api) == {"a": "close", "b": "close"}
    await _show(api, "a", first, state="connecting")
    assert await _states(api) == {"a": "connecting", "b": "close"}
    applied = await api.store.apply("a", Change(instance_id=first, delete=True))
    assert applied.verdict is Verdict.APPLIED
    assert await _states(api) == {"b": "close"}
    second = (await api.create("a"))["instance"]["instanceId"]
    rows = (await api.client.get(LIST, headers=GLOBAL)).json()
    assert {row["instance"]["instanceId"] for row in rows} >= {second}
    assert first not in str(rows)


async def test_each_asker_gets_its_own_address_and_dialect_also_when_they_ask_together(api: Api) -> None:
    await api.create("a", token="secret-1")
    hosts = ("one.test", "two.test", "one.test")
    seed = [api.client.get(LIST, headers=GLOBAL | {"host": host}) for host in hosts]
    answers = await asyncio.gather(
        *seed, api.client.get(f"/v2{LIST}", headers=GLOBAL), api.client.get(LIST, headers={"apikey": "secret-1"})
    )
    rows = [answer.json()[0] for answer in answers]
    assert [row["instance"]["serverUrl"] for row in rows[:3]] == [f"http://{host}" for host in hosts]
    assert rows[3]["name"] == "a"
    assert rows[4]["instance"]["serverUrl"] == "http://pombo.test"


async def _show(api: Api, name: str, instance_id: str, **live: Any) -> None:  # noqa: ANN401 - fields of Live
    stored = await api.store.instance(name)
    assert stored is not None
    change = Change(instance_id=instance_id, live=msgspec.structs.replace(stored.live, **live))
    assert (await api.store.apply(name, change)).verdict is Verdict.APPLIED


async def _states(api: Api) -> dict[str, str]:
    rows = [row["instance"] for row in (await api.client.get(LIST, headers=GLOBAL)).json()]
    return {row["instanceName"]: row["status"] for row in rows}
