"""The same command message published more than once: one effect, and replies that are equal byte for byte."""

import pytest
import pytest_asyncio

from tests.contract.commands_rabbitmq.conftest import Pool

pytestmark = pytest.mark.asyncio

CREATE = {"id": "create-1", "type": "instance.create", "instance": "shop", "integration": "WHATSAPP-BAILEYS"}
CONNECT = {"id": "connect-1", "type": "instance.connect", "instance": "shop"}
RESTART = {"id": "restart-1", "type": "instance.restart", "instance": "shop"}
DELETE = {"id": "delete-1", "type": "instance.delete", "instance": "shop"}
NUMBER = "559999999999"
TIMES = 20


@pytest_asyncio.fixture(params=[1, 2], ids=["one-worker", "two-workers"])
async def workers(request: pytest.FixtureRequest, pool: Pool) -> Pool:
    """Return a pool of one worker, and of two."""
    for _ in range(request.param):
        await pool.add_worker()
    return pool


async def opened(pool: Pool) -> None:
    """Create an instance, start its session and link it."""
    assert (await pool.ask(CREATE))["ok"]
    assert (await pool.ask(CONNECT))["ok"]
    await pool.reaches("shop", "connecting")
    await pool.dials[0].link(NUMBER)
    await pool.reaches("shop", "open")


async def test_one_after_the_other(workers: Pool) -> None:
    first = await workers.ask(CREATE)
    assert (first["ok"], first["result"]["instanceName"]) == (True, "shop")
    assert await workers.ask(CREATE) == first
    assert await workers.events("shop") == ["instance.create"]
    # A later deadline, another order and white space: still the same command.
    assert await workers.ask(dict(reversed(CREATE.items())) | {"notAfter": 4_000_000_000_000}) == first


async def test_all_at_once(workers: Pool) -> None:
    replies = await workers.ask_often(CREATE | {"qrcode": True}, TIMES)
    assert len(set(replies)) == 1
    assert b'"ok":true' in replies[0]
    await workers.reaches("shop", "connecting")
    assert (await workers.events("shop")).count("instance.create") == 1
    assert len(workers.dials) == 1


async def test_a_connect_at_once(workers: Pool) -> None:
    # Two workers race for the lease; a dozen instances make sure that each of them loses now and then.
    for number in range(12):
        name = f"shop{number}"
        assert (await workers.ask(CREATE | {"instance": name}))["ok"]
        replies = await workers.ask_often(CONNECT | {"instance": name}, 4)
        assert len(set(replies)) == 1
        assert b'"ok":true' in replies[0]
        await workers.reaches(name, "connecting")
        assert len(workers.dials) == number + 1


async def test_what_reaches_outside_is_done_once(workers: Pool) -> None:
    await opened(workers)
    before = len(workers.dials)
    replies = await workers.ask_often(RESTART, TIMES)
    assert len(set(replies)) == 1
    assert b'"ok":true' in replies[0]
    # Whatever the restarts did is done before the next command of this instance is.
    assert (await workers.ask(CONNECT | {"id": "connect-2"}))["ok"]
    await workers.reaches("shop", "open")
    assert len(workers.dials) == before + 1


async def test_a_deletion_and_the_same_name_again(workers: Pool) -> None:
    first = await workers.ask(CREATE)
    replies = await workers.ask_often(DELETE, TIMES)
    assert len(set(replies)) == 1
    assert b'"ok":true' in replies[0]
    assert await workers.store.instance("shop") is None
    # The old creation does not come back with its old message; a new one makes another instance.
    assert await workers.ask(CREATE) == first
    assert await workers.store.instance("shop") is None
    second = await workers.ask(CREATE | {"id": "create-2"})
    assert second["result"]["instanceId"] != first["result"]["instanceId"]
    assert await workers.ask(DELETE) == (await workers.ask(DELETE))
    assert await workers.store.instance("shop") is not None


async def test_the_same_id_for_something_else_is_refused_and_leaves_the_first_alone(workers: Pool) -> None:
    first = await workers.ask(CREATE)
    other = await workers.ask(CREATE | {"qrcode": True})
    assert (other["ok"], other["error"]["status"], other["error"]["code"]) == (False, 409, "idempotency_conflict")
    assert set(other["error"]) == {"status", "code", "message"}
    assert await workers.ask(CREATE) == first
    assert workers.dials == []
