"""With instance A's token nothing on B works: every route, in both dialects, with every known trick."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from pombo_api.auth import instance_key
from tests.contract.api.real import GLOBAL, Real, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNAUTHORIZED = {"status": 401, "error": "Unauthorized", "response": {"message": "Unauthorized"}}
QUERIES = ("instanceName=victim", "instance=victim", "name=victim", "x=/instance/fetchInstances", "instance[]=victim")
BODY = {
    "instance": "victim",
    "instanceName": "victim",
    "webhook": {"url": "http://127.0.0.1:9/stolen"},
    "rabbitmq": {"enabled": False},
    "sqs": {"enabled": False},
    "presence": "available",
    "enabled": False,
    "rejectCall": True,
    "groupsIgnore": True,
    "alwaysOnline": True,
    "readMessages": True,
    "readStatus": True,
    "syncFullHistory": True,
    "from": "15557770001",
    "text": "hi",
    "code": "AAAAAAAA",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def real(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Real]:
    """Yield the API with two instances."""
    async with running(tmp_path_factory.mktemp("tenants")) as real:
        for name in ("mine", "victim"):
            await real.create(name, token=f"TOK-{name.upper()}", integration="WHATSAPP-BAILEYS")
        yield real


def routes(real: Real) -> Iterator[tuple[str, str]]:
    """Yield method and path template of every route that names an instance."""
    for route in real.app.routes:
        for handler in getattr(route, "route_handlers", []):
            if instance_key in (handler.guards or ()):
                yield from ((method, route.path_format) for method in handler.http_methods)


async def state_of(real: Real, name: str) -> tuple[Any, ...]:
    stored = await real.store.instance(name)
    assert stored is not None
    return stored.instance, stored.live, stored.lease


async def test_every_route_of_another_is_closed(real: Real) -> None:
    before = await state_of(real, "victim")
    tried = list(routes(real))
    assert len(tried) >= 60
    for method, template in tried:
        for name in ("victim", "ghost", "victim/", "./victim", "mine%2f..%2fvictim", "VICTIM", "victim%00"):
            path = template.replace("{instance}", name).replace("{command_id}", "k1")
            for query in ("", "?instanceName=mine", "?x=/instance/fetchInstances"):
                answer = await real.client.request(method, path + query, json=BODY, headers={"apikey": "TOK-MINE"})
                assert answer.status_code in (401, 404), (method, path, query)
                known = name in ("victim", "ghost", "VICTIM", "victim%00")
                assert answer.json() == UNAUTHORIZED or (not known and "Cannot" in answer.text), (method, path)
    assert await state_of(real, "victim") == before


async def test_no_query_and_no_body_leads_elsewhere(real: Real) -> None:
    before = await state_of(real, "victim")
    for method, template in routes(real):
        if "delete" in template or "connect/" in template or "restart" in template:
            continue
        path = template.replace("{instance}", "mine").replace("{command_id}", "k1")
        for query in QUERIES:
            answer = await real.client.request(
                method, f"{path}?{query}", json=BODY, headers={"apikey": "TOK-MINE", "x-instance-name": "victim"}
            )
            assert answer.status_code < 500, (method, path)
            assert "victim" not in answer.text, (method, path, answer.text)
    assert await state_of(real, "victim") == before
    assert (await real.ask("GET", "/webhook/find/victim")).json() is None


async def test_deleting_oneself_deletes_nobody_else(real: Real) -> None:
    await real.create("third", token="TOK-THIRD", integration="WHATSAPP-BAILEYS")
    answer = await real.client.request(
        "DELETE", "/instance/delete/third?instanceName=victim", json=BODY, headers={"apikey": "TOK-THIRD"}
    )
    assert answer.status_code == 200
    assert await real.store.instance("third") is None
    assert await real.store.instance("victim") is not None


@pytest.mark.parametrize("key", [None, "", "wrong", "TOK-MINE"])
@pytest.mark.parametrize("prefix", ["", "/v2"])
async def test_create_tells_no_key_but_the_global_one_which_names_exist(
    real: Real, prefix: str, key: str | None
) -> None:
    headers = {} if key is None else {"apikey": key}
    answers = set()
    for name in ("victim", "new", "../../x"):
        for query in ("", "?x=/instance/fetchInstances", "?instanceName=mine"):
            body = {"instanceName": name, "integration": "NOPE"}
            answer = await real.client.post(f"{prefix}/instance/create{query}", json=body, headers=headers)
            answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert await real.store.instance("new") is None


@pytest.mark.parametrize("prefix", ["", "/v2"])
async def test_a_token_lists_itself_alone(real: Real, prefix: str) -> None:
    own = await real.ask("GET", f"{prefix}/instance/fetchInstances", key="TOK-MINE")
    assert (own.status_code, len(own.json())) == (200, 1)
    assert "VICTIM" not in own.text
    victim = await real.store.instance("victim")
    assert victim is not None
    for query in (
        "instanceName=victim",
        f"instanceId={victim.instance.id}",
        "instanceName=ghost",
        "instanceName=mine,x",
    ):
        answer = await real.ask("GET", f"{prefix}/instance/fetchInstances?{query}", key="TOK-MINE")
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    for key in ("wrong", "TOK-MIN", "tok-mine", " "):
        answer = await real.ask("GET", f"{prefix}/instance/fetchInstances", key=key)
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


async def test_the_key_is_taken_from_its_header_alone(real: Real) -> None:
    for path in ("/instance/connectionState/mine?apikey=GLOBAL-KEY", "/instance/fetchInstances?apikey=TOK-MINE"):
        for headers in ({}, {"authorization": "Bearer GLOBAL-KEY"}, {"x-api-key": "GLOBAL-KEY"}):
            assert (await real.client.get(path, headers=headers)).status_code == 401
    assert (await real.client.get("/instance/connectionState/mine", headers=GLOBAL)).status_code == 200
