"""What is asked of an open session that does not do it: not connected, or what WhatsApp did not do, by its name."""

from typing import Any

import pytest

from pombo_common.model.commands import InstancePresence, PlainCommand
from pombo_common.model.messages import ChatNumbers, ChatPresence, ChatRead, MessageKey
from pombo_worker.engines.baileys.wire import HostLost, HostRefused, HostSilent
from pombo_worker.engines.sending import NotSent
from pombo_worker.engines.unavailable import EngineUnavailable
from tests.unit.worker.commanding import answer, opened
from tests.unit.worker.world import World

pytestmark = pytest.mark.asyncio

KEY = MessageKey(remote_jid="15557770001@s.whatsapp.net", from_me=False, id="A1")
ASKED: dict[str, PlainCommand] = {
    "show": InstancePresence(id="a", instance="shop", presence="available"),
    "numbers": ChatNumbers(id="b", instance="shop", numbers=["15557770001"]),
    "read": ChatRead(id="c", instance="shop", read_messages=[KEY]),
    "show_in_chat": ChatPresence(id="d", instance="shop", number="15557770001", presence="composing", delay=0),
}
NOT_DONE = [
    (HostRefused("the connection went away", "not_open"), 400, "not_connected", 'The "shop" instance is not connected'),
    (NotSent("the connection went away", "not_open"), 400, "not_connected", 'The "shop" instance is not connected'),
    (HostLost("the engine process ended"), 400, "not_connected", 'The "shop" instance is not connected'),
    (HostRefused("no name", "no_name"), 503, "no_name", "WhatsApp has not told the account's name yet"),
    (NotSent("no name", "no_name"), 503, "no_name", "WhatsApp has not told the account's name yet"),
    (NotSent("quoted.message must be so", "bad_request"), 400, "bad_request", "quoted.message must be so"),
    (HostSilent("the engine process did not answer"), 503, "no_answer", "WhatsApp did not answer"),
    (HostRefused("it broke", "internal"), 503, "no_answer", "WhatsApp did not answer"),
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(("why", "status", "code", "sentence"), NOT_DONE)
async def test_what_was_not_done_is_told_by_what_it_was(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    why: EngineUnavailable,
    status: int,
    code: str,
    sentence: str,
) -> None:
    connection = await opened(world)

    async def refuse(*_: Any) -> None:  # noqa: ANN401 - whatever the method takes
        raise why

    monkeypatch.setattr(connection, asked, refuse)
    error = (await answer(world, ASKED[asked]))["error"]
    assert (error["status"], error["code"]) == (status, code)
    assert error["message"][0].startswith(sentence)
