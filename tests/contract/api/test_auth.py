"""Who may do what, and the tricks with paths, queries and bodies that must not work."""

import pytest

from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio

UNAUTHORIZED = {"status": 401, "error": "Unauthorized", "response": {"message": "Unauthorized"}}
INSTANCE_ROUTES = [
    ("GET", "/instance/connect/{}"),
    ("GET", "/instance/connectionState/{}"),
    ("DELETE", "/instance/delete/{}"),
    ("POST", "/webhook/set/{}"),
    ("GET", "/webhook/find/{}"),
    ("GET", "/commands/{}/k1"),
]


async def two_instances(api: Api) -> None:
    await api.create("mine", token="TOK-MINE")
    await api.create("victim", token="TOK-VICTIM")


@pytest.mark.parametrize("key", [None, "", "wrong", "TOK-MINE", "GLOBAL-KEY2", "GLOBAL-KE", "é", "global-key"])
async def test_a_key_that_does_not_fit_tells_nothing(api: Api, key: str | None) -> None:
    await two_instances(api)
    headers = {} if key is None else {b"apikey": key.encode()}
    for method, path in INSTANCE_ROUTES:
        for name in ("victim", "ghost", "%2e%2e", "a%00b", "%F0%9F%92%A9", "%ff", "victim%20", "x" * 5000):
            answer = await api.client.request(method, path.format(name), headers=headers, content=b"{broken")
            assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED), (method, path, name)
    assert len(api.worker.handled) == 2


@pytest.mark.parametrize("key", [None, "", "wrong", "TOK-MINE"])
async def test_create_needs_the_global_key(api: Api, key: str | None) -> None:
    await two_instances(api)
    headers = {} if key is None else {"apikey": key}
    for name in ("victim", "new"):
        for query in ("", "?x=/instance/fetchInstances"):
            body = {"instanceName": name, "integration": "WHATSAPP-BAILEYS"}
            answer = await api.client.post(f"/instance/create{query}", json=body, headers=headers)
            assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert len(api.worker.handled) == 2


@pytest.mark.parametrize("header", ["apikey", "APIKEY", "ApiKey"])
async def test_the_global_key_and_the_own_token_are_let_in(api: Api, header: str) -> None:
    await two_instances(api)
    for key in ("GLOBAL-KEY", "TOK-MINE"):
        answer = await api.client.get("/instance/connectionState/mine", headers={header: key})
        shown = answer.json()["instance"]
        assert (shown["instanceName"], shown["state"]) == ("mine", "close")


async def test_neither_query_nor_body_names_another_instance(api: Api) -> None:
    await two_instances(api)
    own = {"apikey": "TOK-MINE"}
    for query in ("instanceName=victim", "instance=victim", "instanceId=x&name=victim"):
        answer = await api.client.get(f"/instance/connectionState/mine?{query}", headers=own)
        assert answer.json()["instance"]["instanceName"] == "mine"
    body = {"webhook": {"url": "http://127.0.0.1:1/"}, "instance": "victim", "instanceName": "victim"}
    answer = await api.client.post("/webhook/set/mine?instanceName=victim", json=body, headers=own)
    assert answer.status_code == 201
    assert (await api.client.get("/webhook/find/victim", headers=GLOBAL)).json() is None
    answer = await api.client.delete("/instance/delete/mine?instanceName=victim", headers=own)
    assert answer.status_code == 200
    rows = (await api.client.get("/instance/fetchInstances", headers=GLOBAL)).json()
    assert [row["instance"]["instanceName"] for row in rows] == ["victim"]


async def test_an_unknown_name_is_told_to_the_global_key_only(api: Api) -> None:
    for method, path in INSTANCE_ROUTES[:-1]:
        answer = await api.client.request(method, path.format("ghost"), headers=GLOBAL, json={})
        assert answer.status_code == 404
        assert answer.json()["response"]["message"] == ['The "ghost" instance does not exist']
    assert api.worker.handled == []


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", "pombo", "amq.x", "evolution_exchange", " a", "a\u0000", "ü", "x" * 101]
)
async def test_names_that_could_escape_are_refused(api: Api, name: str) -> None:
    body = {"instanceName": name, "integration": "WHATSAPP-BAILEYS"}
    answer = await api.client.post("/instance/create", json=body, headers=GLOBAL)
    assert answer.status_code == 400
    assert "instanceName" in answer.json()["response"]["message"][0]
    assert api.worker.handled == []


async def test_a_token_of_a_deleted_instance_opens_nothing(api: Api) -> None:
    await two_instances(api)
    await api.client.delete("/instance/delete/mine", headers=GLOBAL)
    for path in ("/instance/connectionState/mine", "/instance/fetchInstances", "/instance/connectionState/victim"):
        answer = await api.client.get(path, headers={"apikey": "TOK-MINE"})
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


async def test_the_global_key_is_no_token(api: Api) -> None:
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS", "token": "GLOBAL-KEY"}
    answer = await api.client.post("/instance/create", json=body, headers=GLOBAL)
    assert answer.status_code == 400
    assert "GLOBAL-KEY" not in answer.text
