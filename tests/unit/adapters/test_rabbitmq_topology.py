"""What is declared on RabbitMQ leaves nothing to defaults that differ between servers."""

from pombo_common.adapters.rabbitmq.topology import Queue, Topology

TOPOLOGY = Topology()
QUEUES: list[Queue] = [
    TOPOLOGY.commands,
    TOPOLOGY.dead_letters,
    TOPOLOGY.waiting,
    TOPOLOGY.wakeups,
    TOPOLOGY.worker("w"),
    TOPOLOGY.replies("c"),
]


def test_each_queue_says_its_kind_and_each_quorum_queue_its_delivery_limit() -> None:
    kinds = {queue.name: queue.arguments["x-queue-type"] for queue in QUEUES}
    assert set(kinds.values()) == {"classic", "quorum"}
    limited = {queue.name for queue in QUEUES if "x-delivery-limit" in queue.arguments}
    assert limited == {name for name, kind in kinds.items() if kind == "quorum"}


def test_what_is_dead_lettered_at_least_once_is_never_dropped_for_room() -> None:
    for queue in QUEUES:
        if "x-dead-letter-exchange" in queue.arguments:
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-overflow"] == "reject-publish"
