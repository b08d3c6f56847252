"""The examples of the AsyncAPI document, sent as they stand; the replies have the documented form."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest

from pombo_api.asyncapi.document import describe
from pombo_api.asyncapi.examples import COMMANDS, REPLIES
from tests.contract.commands_rabbitmq.conftest import Pool

pytestmark = pytest.mark.asyncio

NUMBER = "559999999999"


class Documented:
    """The document, and what it says of replies."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = msgspec.json.decode(describe())
        self._operations = {each.get("title"): each for each in self.document["operations"].values()}

    def fits(self, kind: str, reply: dict[str, Any]) -> list[str]:
        """Name the documented replies to a type of command that this one is."""
        references = [each["$ref"] for each in self._operations[kind]["reply"]["messages"]]
        names = [reference.rpartition("/")[2] for reference in references]
        return [name for name in names if self._payload(name).is_valid(reply)]

    def _payload(self, message: str) -> jsonschema_rs.Validator:
        schema = self.document["components"]["messages"][message]["payload"]
        return jsonschema_rs.validator_for({**schema, "components": self.document["components"]})


async def test_every_example_runs(pool: Pool) -> None:
    await pool.add_worker()
    documented = Documented()
    for command in COMMANDS:
        if command["type"] == "instance.presence":
            await pool.reaches("shop1", "connecting")
            await pool.dials[0].link(NUMBER)
            await pool.reaches("shop1", "open")
        reply = await pool.ask(command)
        if command["type"] == "delivery.resend":  # its event is made up
            assert reply["error"]["code"] == "unknown_event", reply
            continue
        assert (reply["id"], reply["ok"]) == (command["id"], True), reply
        (form,) = documented.fits(command["type"], reply)
        assert form != "Refusal"
        if form in REPLIES:
            assert reply == REPLIES[form]
    assert await pool.store.instance("shop1") is None


async def test_a_refusal_is_the_documented_one(pool: Pool) -> None:
    await pool.add_worker()
    create = COMMANDS[0]
    assert (await pool.ask(create))["ok"]
    reply = await pool.ask(create | {"id": REPLIES["Refusal"]["id"]})
    assert reply == REPLIES["Refusal"]
    assert Documented().fits("instance.create", reply) == ["Refusal"]
    unknown = await pool.ask({"id": "x", "type": "instance.restart", "instance": "nobody"})
    assert Documented().fits("instance.restart", unknown) == ["Refusal"]
