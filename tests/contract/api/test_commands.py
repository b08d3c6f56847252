"""A caller always learns what became of its command; the same id has one effect and one answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest

from pombo_common.model.commands import PlainCommand
from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio

BODY = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS"}
KEYED = GLOBAL | {"Idempotency-Key": "k1"}


def hold() -> tuple[asyncio.Event, Callable[[PlainCommand], Awaitable[None]]]:
    """Return where a worker stands still for ever, and the event that tells that it does."""
    held = asyncio.Event()

    async def holding(_: PlainCommand) -> None:
        held.set()
        await asyncio.Event().wait()

    return held, holding


async def create_until_the_bus_goes(api: Api, held: asyncio.Event) -> httpx.Response:
    """Create, and close the Bus once the worker stands still where the test holds it."""
    task = asyncio.create_task(api.client.post("/instance/create", json=BODY, headers=KEYED))
    async with asyncio.timeout(10):
        await held.wait()
        await api.bus.close()
        answer = await task
    assert answer.headers["idempotency-key"] == "k1"
    return answer


def message_of(answer: httpx.Response) -> str:
    return str(answer.json()["response"]["message"][0])


async def test_an_id_is_made_and_returned(api: Api) -> None:
    answer = await api.client.post("/instance/create", json=BODY, headers=GLOBAL)
    made = answer.headers["idempotency-key"]
    assert api.worker.handled[0].id == made
    found = await api.client.get(f"/commands/a/{made}", headers=GLOBAL)
    assert (found.json()["state"], found.json()["ok"]) == ("finished", True)


async def test_the_same_id_has_one_effect_and_the_same_answer(api: Api) -> None:
    first = await api.client.post("/instance/create", json=BODY, headers=KEYED)
    second = await api.client.post("/instance/create", json=BODY, headers=KEYED)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert len(api.worker.handled) == 1


async def test_a_refusal_is_repeated_too(api: Api) -> None:
    body = BODY | {"integration": "NOPE"}
    first = await api.client.post("/instance/create", json=body, headers=KEYED)
    second = await api.client.post("/instance/create", json=body, headers=KEYED)
    assert first.status_code == 400
    assert first.json() == second.json()
    found = (await api.client.get("/commands/a/k1", headers=GLOBAL)).json()
    assert (found["ok"], found["error"]["status"]) == (False, 400)


async def test_the_same_id_with_another_body_is_a_conflict(api: Api) -> None:
    await api.client.post("/instance/create", json=BODY, headers=KEYED)
    answer = await api.client.post("/instance/create", json=BODY | {"alwaysOnline": True}, headers=KEYED)
    assert (answer.status_code, answer.json()["error"]) == (409, "Conflict")
    assert answer.headers["idempotency-key"] == "k1"
    assert len(api.worker.handled) == 1


async def test_a_repeated_delete_gets_the_first_answer(api: Api) -> None:
    await api.client.post("/instance/create", json=BODY, headers=GLOBAL)
    answers = [await api.client.delete("/instance/delete/a", headers=KEYED) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await api.client.delete("/instance/delete/a", headers=GLOBAL)).status_code == 404


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "é", "a/b"])
async def test_an_unusable_id_is_refused(api: Api, key: str) -> None:
    headers = {b"apikey": b"GLOBAL-KEY", b"Idempotency-Key": key.encode()}
    answer = await api.client.post("/instance/create", json=BODY, headers=headers)
    assert answer.status_code == 400
    assert "idempotency-key" not in answer.headers
    assert api.worker.handled == []


async def test_a_command_that_was_not_started_never_will_be(api: Api) -> None:
    held, api.worker.before = hold()
    answer = await create_until_the_bus_goes(api, held)
    assert (answer.status_code, answer.headers["retry-after"].isdigit()) == (503, True)
    assert "was not started and never will be" in message_of(answer)
    record = await api.store.command("a", "k1")
    assert record is not None
    assert record.state == "cancelled"
    again = await api.client.post("/instance/create", json=BODY, headers=KEYED)
    assert (again.status_code, message_of(again)) == (503, message_of(answer))


async def test_a_started_command_is_told_as_started(api: Api) -> None:
    held, api.worker.during = hold()
    answer = await create_until_the_bus_goes(api, held)
    assert answer.status_code == 504
    assert "was started" in message_of(answer)
    assert "/commands/a/k1" in message_of(answer)
    found = await api.client.get("/commands/a/k1", headers=GLOBAL)
    assert found.json() == {"id": "k1", "instance": "a", "state": "started"}


async def test_a_lost_reply_is_read_from_the_record(api: Api) -> None:
    held, api.worker.after = hold()
    answer = await create_until_the_bus_goes(api, held)
    assert answer.status_code == 201
    assert answer.json()["instance"]["instanceName"] == "a"


async def test_no_reply_in_time_cancels(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pombo_api.routes.instance.CHANGE_SECONDS", 0.0)
    monkeypatch.setattr("pombo_api.routes.instance.COMMAND_SECONDS", 0.1)
    _, api.worker.before = hold()
    answer = await api.client.post("/instance/create", json=BODY, headers=KEYED)
    assert answer.status_code == 503
    assert "never will be" in message_of(answer)


async def test_without_the_store_it_is_not_known(api: Api) -> None:
    held, holding = hold()

    async def before(command: PlainCommand) -> None:
        await api.store.close()
        await holding(command)

    api.worker.before = before
    answer = await create_until_the_bus_goes(api, held)
    assert answer.status_code == 503
    assert "not known whether command k1 was started" in message_of(answer)


async def test_a_bus_that_is_away_leaves_nothing_pending(api: Api) -> None:
    await api.bus.close()
    answer = await api.client.post("/instance/create", json=BODY, headers=KEYED)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    record = await api.store.command("a", "k1")
    assert record is not None
    assert record.state == "cancelled"


async def test_a_store_that_is_away_is_told(api: Api) -> None:
    await api.store.close()
    for method, path in (("POST", "/instance/create"), ("GET", "/instance/fetchInstances"), ("GET", "/webhook/find/a")):
        answer = await api.client.request(method, path, headers=GLOBAL, content=json.dumps(BODY))
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert "store" in answer.json()["response"]["message"][0]


async def test_an_outcome_is_shown_to_its_instance_without_the_result(api: Api) -> None:
    await api.client.post("/instance/create", json=BODY | {"token": "tok"}, headers=KEYED)
    found = await api.client.get("/commands/a/k1", headers={"apikey": "tok"})
    assert found.json() == {"id": "k1", "instance": "a", "state": "finished", "ok": True}
    everything = await api.client.get("/commands/a/k1", headers=GLOBAL)
    assert everything.json()["result"]["token"] == "tok"
    assert (await api.client.get("/commands/a/k2", headers=GLOBAL)).status_code == 404


async def test_what_is_published_holds_no_token(api: Api) -> None:
    seen: list[bytes] = []
    call = api.bus.call

    async def listening(body: bytes, *, command_id: str, seconds: float) -> bytes:
        seen.append(body)
        return await call(body, command_id=command_id, seconds=seconds)

    api.bus.call = listening  # type: ignore[method-assign]
    await api.client.post("/instance/create", json=BODY | {"token": "SECRET-TOKEN"}, headers=KEYED)
    assert len(seen) == 1
    assert b"SECRET-TOKEN" not in seen[0]
    assert json.loads(seen[0])["type"] == "sealed"
