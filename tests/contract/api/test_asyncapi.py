"""The AsyncAPI document: right by the official schema, and whole by the types and the broker's declarations."""

import itertools
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import msgspec
import pytest
import pytest_asyncio

from pombo_api.asyncapi import channels
from pombo_api.asyncapi.examples import COMMANDS
from pombo_common.adapters.rabbitmq.topology import COMMAND_KEY, Topology
from pombo_common.model.commands import Command, PlainCommand, Reply, SealedCommand
from tests.contract.api.conftest import Api

pytestmark = pytest.mark.asyncio

OFFICIAL = Path(__file__).parents[3] / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
TYPES = {str(kind.__struct_config__.tag): kind for kind in get_args(PlainCommand)}


@pytest_asyncio.fixture
async def document(api: Api) -> dict[str, Any]:
    """Return the document as it is served, to whoever asks, like OpenAPI's."""
    answer = await api.client.get("/asyncapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    served: dict[str, Any] = answer.json()
    return served


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Validator:
    """Return what checks a payload of the document."""
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


async def test_it_is_right_by_the_official_schema(document: dict[str, Any]) -> None:
    official = jsonschema_rs.validator_for(msgspec.json.decode(OFFICIAL.read_bytes()))
    assert [str(error) for error in official.iter_errors(document)] == []
    # The schema can say no.
    assert not official.is_valid(document | {"channels": {"x": {"address": 1}}})


async def test_every_command_stands_in_it_and_the_sealed_form_does_not(document: dict[str, Any]) -> None:
    assert set(get_args(Command)) == {*TYPES.values(), SealedCommand}
    assert set(document["channels"][channels.COMMANDS]["messages"]) == set(TYPES)
    operations = {each["title"]: each for each in document["operations"].values() if each["action"] == "receive"}
    assert set(operations) == set(TYPES)
    for kind, operation in operations.items():
        assert operation["messages"] == [{"$ref": f"#/channels/commands/messages/{kind}"}]
        schema = document["components"]["schemas"][TYPES[kind].__name__]
        assert schema["properties"]["type"]["enum"] == [kind]
        assert set(schema["properties"]) == {"type", *TYPES[kind].__struct_encode_fields__}
    assert "ealed" not in msgspec.json.encode(document).decode()


async def test_no_reference_leads_nowhere(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', msgspec.json.encode(document).decode())):
        place: Any = document
        for part in reference.split("/"):
            place = place[part]
        assert place, reference


async def test_every_example_is_a_command_by_type_and_by_schema(document: dict[str, Any]) -> None:
    shown = {kind: document["components"]["messages"][kind]["examples"] for kind in TYPES}
    assert all(shown.values())
    payloads = [example["payload"] for example in itertools.chain.from_iterable(shown.values())]
    assert sorted(payloads, key=str) == sorted(COMMANDS, key=str)
    for payload in payloads:
        command = msgspec.convert(payload, PlainCommand)
        assert type(command) is TYPES[payload["type"]]
        schema = document["components"]["messages"][payload["type"]]["payload"]
        assert validator(document, schema).is_valid(payload)
        assert not validator(document, schema).is_valid(payload | {"notAfter": "soon"})
        # What is not a field would be ignored: an example must not show it.
        assert set(payload) <= {"type", *TYPES[payload["type"]].__struct_encode_fields__}


async def test_every_example_of_a_reply_is_one(document: dict[str, Any]) -> None:
    replies = document["channels"][channels.REPLIES]["messages"]
    shown = [(name, each) for name in replies for each in document["components"]["messages"][name].get("examples", ())]
    assert len(shown) == 3
    for name, example in shown:
        msgspec.convert(example["payload"], Reply)
        assert validator(document, document["components"]["messages"][name]["payload"]).is_valid(example["payload"])


async def test_its_names_are_those_that_the_broker_is_told(document: dict[str, Any]) -> None:
    topology = Topology()
    told = {name: each.get("bindings", {}).get("amqp", {}) for name, each in document["channels"].items()}
    exchange = told[channels.COMMANDS]["exchange"]
    assert (exchange["name"], exchange["type"]) == (topology.bus.name, topology.bus.kind.value)
    assert document["channels"][channels.COMMANDS]["address"] == COMMAND_KEY
    assert (topology.commands.exchange, topology.commands.key) == (exchange["name"], COMMAND_KEY)
    assert told[channels.SHARED]["queue"]["name"] == topology.commands.name
    assert told[channels.DEAD_LETTERS]["queue"]["name"] == topology.dead_letters.name
    assert topology.dead.name == channels.DEAD_EXCHANGE == topology.dead_letters.exchange
