"""A private Redis Cluster on loopback ports: masters alone, the slots spread evenly over them."""

import contextlib
from pathlib import Path

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS

from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.server_binaries import ServerBinaries
from tests.support.waiting import wait_until

NODES = 3
FORMING_SECONDS = 60.0
NODE_TIMEOUT_MS = 2000


class RedisCluster:
    """Three masters with an append-only file each.

    Args:
        binaries: The programs.
        folder: An empty folder that takes a folder of each node.
        node_timeout_ms: For how long a node may be silent before the others give it up, and it them.
    """

    def __init__(self, binaries: ServerBinaries, folder: Path, *, node_timeout_ms: int = NODE_TIMEOUT_MS) -> None:
        self.nodes: list[RedisServer] = []
        self._bus_ports = [free_port() for _ in range(NODES)]
        for number, bus_port in enumerate(self._bus_ports):
            place = folder / f"node-{number}"
            place.mkdir()
            settings = {
                "cluster-enabled": "yes",
                "cluster-port": str(bus_port),
                "cluster-node-timeout": str(node_timeout_ms),
            }
            self.nodes.append(RedisServer(binaries, place, settings))

    @property
    def url(self) -> str:
        """The address, with every node in it."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start the nodes, join them and return once each of them serves all slots."""
        for node in self.nodes:
            node.start()
        self._join()
        self.wait()

    def wait(self) -> None:
        """Return once every node finds the whole cluster well.

        Raises:
            TimeoutError: It does not within a minute.
        """
        wait_until(self._is_well, seconds=FORMING_SECONDS, what="the Redis Cluster serves all slots")

    def kill(self) -> None:
        """End all nodes at once."""
        for node in self.nodes:
            node.kill()

    def client(self, number: int) -> "redis.Redis":
        """Return a plain client of one node."""
        return redis.Redis(port=self.nodes[number].port, socket_timeout=5)

    def _join(self) -> None:
        bounds = [REDIS_CLUSTER_HASH_SLOTS * number // NODES for number in range(NODES + 1)]
        for number in range(NODES):
            with self.client(number) as client:
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
        with self.client(0) as client:
            for node, bus_port in zip(self.nodes[1:], self._bus_ports[1:], strict=True):
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", node.port, bus_port)

    def _is_well(self) -> bool:
        for number in range(NODES):
            with contextlib.suppress(redis.RedisError), self.client(number) as client:
                info = client.cluster("info")
                if info["cluster_state"] == "ok" and info["cluster_slots_ok"] == str(REDIS_CLUSTER_HASH_SLOTS):
                    continue
            return False
        return True
