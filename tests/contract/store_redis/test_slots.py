"""Every step's keys lie in one slot: a node of a Redis Cluster takes every call."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from redis.crc import key_slot

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.redis.scripts import load_scripts
from pombo_common.ports.changes import Change, JournalEntry, KeyEntry, Verdict
from pombo_common.ports.deliveries import EventRef, Resend
from tests.contract.store import examples
from tests.support.ports import free_port
from tests.support.running import running
from tests.support.server_binaries import ServerBinaries
from tests.support.server_process import ServerProcess

NAME = "Ola +1 @x.y"
SLOTS = 16_383


@pytest.fixture
def cluster_url(server_binaries: ServerBinaries, tmp_path: Path) -> Iterator[str]:
    """Yield the URL of a Redis that is a cluster of one node, so that it refuses calls across slots."""
    port = free_port()
    settings = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(tmp_path), "--save", ""]
    settings += ["--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--daemonize", "no"]

    def ready() -> bool:
        try:
            with redis.Redis(port=port) as client:
                if client.cluster("info")["cluster_slots_assigned"] == "0":
                    client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS)
                return bool(client.cluster("info")["cluster_state"] == "ok")
        except redis.RedisError:
            return False

    server = ServerProcess(
        "Redis",
        [str(server_binaries.redis), *settings],
        env=server_binaries.environment(),
        log=tmp_path / "redis.log",
        ready=ready,
    )
    with running(server):
        yield f"redis://127.0.0.1:{port}/0"


async def live_a_life(store: RedisStore) -> None:
    """Call every method that keeps something, and leave something of every kind behind."""
    started = await examples.attempt(store, NAME)
    instance_id = await examples.create(
        store,
        NAME,
        attempt=started,
        creds=b"c",
        keys=(KeyEntry("session", "a", b"k"),),
        journal=JournalEntry("j", b"1"),
        destinations=(examples.destination(),),
        events=examples.events(3),
        outcome=b"done",
    )
    epoch = await examples.lease(store, NAME, instance_id)
    assert await store.renew("w1", {NAME: epoch}, 60) == set()
    await examples.claimed(store, NAME, instance_id)
    log = await store.events(NAME, instance_id, 0, 10)
    left = (examples.parked(log[0]), examples.parked(log[1], not_before=1))
    assert await store.settle(NAME, instance_id, examples.settlement("k1", 2, parked=left))
    await examples.opened(store, NAME, "c2")
    await store.cancel_command(NAME, "c2")
    assert len(await store.due()) == 2
    assert len(await store.instances()) == 1
    assert await store.names_by_token(["t"]) == [NAME]
    assert await store.event(NAME, instance_id, log[2].id) == log[2]
    claim = await store.claim_asides(NAME, instance_id, examples.SINK, "s1", 60)
    assert claim is not None
    ref = EventRef(log[0].seq, log[0].id, log[0].type)
    assert await store.resend(NAME, instance_id, examples.SINK, ref) is Resend.SENT
    assert await store.dead_logs() == []
    await examples.snapshot(store, NAME, instance_id)


@pytest.mark.asyncio
async def test_a_cluster_takes_every_call_and_all_keys_of_an_instance_share_its_slot(cluster_url: str) -> None:
    store = RedisStore(cluster_url)
    await store.open()
    try:
        await live_a_life(store)
        with redis.Redis.from_url(cluster_url) as client:
            keys = {key.decode() for key in client.scan_iter()}
            slot = client.execute_command("CLUSTER", "KEYSLOT", NAME)
        spanning = {"pombo:names", "pombo:due", "pombo:dead-letters", "pombo:token:t"}
        assert spanning < keys
        assert {key_slot(key.encode()) for key in keys - spanning} == {slot}
        assert len(keys - spanning) == 11
        stored = await store.instance(NAME)
        assert stored is not None
        gone = await store.apply(NAME, Change(instance_id=stored.instance.id, delete=True))
        assert gone.verdict is Verdict.APPLIED
    finally:
        await store.close()


def test_no_script_makes_up_a_key() -> None:
    literal_key = re.compile(r"redis\.call\(\s*'\w+'\s*,\s*['\"]")
    for name, script in load_scripts().items():
        assert literal_key.search(script.text.decode()) is None, name
