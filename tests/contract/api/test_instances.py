"""Create, list, state and delete in the seed's shapes."""

import msgspec
import pytest

from pombo_common.ports.changes import Change
from pombo_common.vault import Vault
from tests.contract.api.conftest import GLOBAL, Api

pytestmark = pytest.mark.asyncio


async def test_create_answers_the_documented_shape(api: Api) -> None:
    body = {
        "instanceName": "teste-docs",
        "integration": "WHATSAPP-BAILEYS",
        "token": "123456",
        "number": 559999999999,
        "groupsIgnore": True,
        "msgCall": "later",
        "chatwootAccountId": 1,
        "unknownField": {"x": 1},
    }
    answer = await api.client.post("/instance/create/", json=body, headers=GLOBAL)
    created = answer.json()
    instance_id = created["instance"].pop("instanceId")
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert "x-powered-by" not in answer.headers
    assert len(instance_id) == 36
    assert created == {
        "instance": {
            "instanceName": "teste-docs",
            "integration": "WHATSAPP-BAILEYS",
            "webhook_wa_business": None,
            "access_token_wa_business": "",
            "status": "created",
        },
        "hash": {"apikey": "123456"},
        "settings": {
            "reject_call": False,
            "msg_call": "later",
            "groups_ignore": True,
            "always_online": False,
            "read_messages": False,
            "read_status": False,
            "sync_full_history": False,
        },
    }


async def test_create_echoes_its_webhook(api: Api) -> None:
    created = await api.create("a", webhook={"url": "http://127.0.0.1:1/x", "headers": {"a": "b"}, "byEvents": True})
    assert created["webhook"] == {
        "webhookUrl": "http://127.0.0.1:1/x",
        "webhookHeaders": {"a": "b"},
        "webhookByEvents": True,
        "webhookBase64": False,
    }


async def test_a_taken_name_is_forbidden(api: Api) -> None:
    await api.create("a")
    body = {"instanceName": "a", "integration": "WHATSAPP-BAILEYS"}
    answer = await api.client.post("/instance/create", json=body, headers=GLOBAL)
    assert answer.status_code == 403
    assert answer.json() == {
        "status": 403,
        "error": "Forbidden",
        "response": {"message": ['This name "a" is already in use.']},
    }


async def test_list_shows_owner_and_profile_once_linked(api: Api) -> None:
    created = await api.create("shop 1@x+y", token="tok")
    instance_id = created["instance"]["instanceId"]
    unlinked = {
        "instanceName": "shop 1@x+y",
        "instanceId": instance_id,
        "status": "close",
        "serverUrl": "http://pombo.test",
        "apikey": "tok",
        "integration": {"integration": "WHATSAPP-BAILEYS", "token": "tok", "webhook_wa_business": None},
    }
    answer = await api.client.get("/instance/fetchInstances", headers=GLOBAL)
    assert answer.json() == [{"instance": unlinked}]
    await api.worker.set_live("shop 1@x+y", state="open", owner_jid="55@s.whatsapp.net", profile_name="Ann")
    answer = await api.client.get("/instance/fetchInstances", headers=GLOBAL)
    linked = {
        "status": "open",
        "owner": "55@s.whatsapp.net",
        "profileName": "Ann",
        "profilePictureUrl": None,
        "profileStatus": None,
    }
    assert answer.json() == [{"instance": unlinked | linked}]


async def test_list_filters(api: Api) -> None:
    first = await api.create("a", number="559999999999")
    await api.create("b")
    for query in ("instanceName=a", f"instanceId={first['instance']['instanceId']}", "number=559999999999"):
        answer = await api.client.get(f"/instance/fetchInstances?{query}", headers=GLOBAL)
        assert [row["instance"]["instanceName"] for row in answer.json()] == ["a"], query
    answer = await api.client.get("/instance/fetchInstances?instanceName=ghost", headers=GLOBAL)
    assert answer.status_code == 404
    assert answer.json()["response"] == {"message": ['Instance "ghost" not found']}
    assert (await api.client.get("/instance/fetchInstances?number=1", headers=GLOBAL)).status_code == 404


async def test_list_is_empty_without_instances(api: Api) -> None:
    answer = await api.client.get("/instance/fetchInstances", headers=GLOBAL)
    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_token_lists_every_instance_that_has_it_and_no_other(api: Api) -> None:
    for name, token in (("a", "shared"), ("b", "other"), ("c", "shared")):
        await api.create(name, token=token)
    answer = await api.client.get("/instance/fetchInstances", headers={"apikey": "shared"})
    assert [row["instance"]["instanceName"] for row in answer.json()] == ["a", "c"]
    for query in ("instanceName=b", "instanceName=ghost"):
        answer = await api.client.get(f"/instance/fetchInstances?{query}", headers={"apikey": "shared"})
        assert answer.status_code == 401


async def test_state_and_delete_with_odd_names(api: Api) -> None:
    await api.create("shop 1@x+y", token="tok")
    own = {"apikey": "tok"}
    answer = await api.client.get("/instance/connectionState/shop%201%40x+y/", headers=own)
    shown = answer.json()["instance"]
    assert {**shown, "since": None} == {
        "instanceName": "shop 1@x+y",
        "state": "close",
        "phase": "idle",
        "reason": "new",
        "since": None,
        "willReconnect": False,
    }
    answer = await api.client.delete("/instance/delete/shop%201%40x%2By", headers=own)
    assert answer.status_code == 200
    assert answer.json() == {"status": "SUCCESS", "error": False, "response": {"message": "Instance deleted"}}
    answer = await api.client.delete("/instance/delete/shop%201%40x%2By", headers=GLOBAL)
    assert answer.status_code == 404


async def test_an_instance_whose_secrets_cannot_be_opened_does_not_hide_the_others(api: Api) -> None:
    await api.create("a")
    await api.create("b", token="tok")
    stored = await api.store.instance("a")
    assert stored is not None
    broken = msgspec.structs.replace(stored.instance, sealed=Vault([b"k" * 32]).seal(b"{}", "elsewhere"))
    await api.store.apply("a", Change(instance_id=broken.id, instance=broken))
    rows = (await api.client.get("/instance/fetchInstances", headers=GLOBAL)).json()
    shown = {row["instance"]["instanceName"]: row["instance"]["apikey"] for row in rows}
    assert shown == {"a": None, "b": "tok"}
    assert (await api.client.get("/webhook/find/a", headers=GLOBAL)).status_code == 500
