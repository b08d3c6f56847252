"""Moving one slot of a Redis Cluster from node to node, in the steps that an operator's tool takes."""

import contextlib
from typing import Any

import redis
from redis.crc import key_slot

from tests.support.redis_cluster import NODES, RedisCluster

MIGRATE_MS = 5000


class SlotMove:
    """One slot's way from the node that has it to the next one.

    Args:
        cluster: The nodes.
        key: Any key of the slot.
    """

    def __init__(self, cluster: RedisCluster, key: str) -> None:
        self.slot = key_slot(key.encode())
        self._key = key
        self._cluster = cluster
        self.source = next(number for number in range(NODES) if self._has(number))
        self.target = (self.source + 1) % NODES
        self._ids = [self._ask(number, "MYID").decode() for number in range(NODES)]

    def begin(self) -> None:
        """Let the target import, and the source send on (ASK) what it does not have."""
        self._ask(self.target, "SETSLOT", self.slot, "IMPORTING", self._ids[self.source])
        self._ask(self.source, "SETSLOT", self.slot, "MIGRATING", self._ids[self.target])

    def carry(self, most: int = 1000) -> int:
        """Carry at most so many keys over; returns how many."""
        keys = self._ask(self.source, "GETKEYSINSLOT", self.slot, most)
        if keys:
            port = self._cluster.nodes[self.target].port
            with self._cluster.client(self.source) as client:
                client.execute_command("MIGRATE", "127.0.0.1", port, "", 0, MIGRATE_MS, "KEYS", *keys)
        return len(keys)

    def drop(self) -> None:
        """Lose every key of the slot."""
        keys = self._ask(self.source, "GETKEYSINSLOT", self.slot, 1000)
        with self._cluster.client(self.source) as client:
            for key in keys:
                client.delete(key)

    def finish(self) -> None:
        """Give the slot to the target, once no key is left behind."""
        while self.carry():
            pass
        for number in (self.target, self.source, *range(NODES)):
            self._ask(number, "SETSLOT", self.slot, "NODE", self._ids[self.target])

    def _has(self, number: int) -> bool:
        with self._cluster.client(number) as client, contextlib.suppress(redis.exceptions.MovedError):
            client.type(self._key)
            return True
        return False

    def _ask(self, number: int, *words: str | int) -> Any:  # noqa: ANN401 - Redis answers what the command says
        with self._cluster.client(number) as client:
            return client.execute_command("CLUSTER", *words)
