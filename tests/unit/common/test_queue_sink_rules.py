"""Which queue sinks an instance can have, and how SQS queues are named."""

import pytest

from pombo_common.config import Config
from pombo_common.model.errors import PomboError
from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.queue_sinks import Kind, QueueSinkRules, merged_sink, sqs_queue
from pombo_common.model.settings import QueueSinkInput
from pombo_common.sink_config import queue_sink_rules

ON = QueueSinkInput(enabled=True)


def rules(bus_url: str | None = None, **fields: object) -> QueueSinkRules:
    """Read the rules of a configuration."""
    return queue_sink_rules(Config(**fields), bus_url=bus_url)  # type: ignore[arg-type]


def refusal(rules: QueueSinkRules, kind: Kind, name: str, sink: QueueSinkInput = ON) -> str:
    """Return the words of a refusal."""
    with pytest.raises(PomboError) as caught:
        rules.check(kind, sink, name)
    assert caught.value.info.status == 400
    return caught.value.info.message[0]


@pytest.mark.parametrize(
    ("event", "queue"),
    [
        ("qrcode.updated", "inst1_qrcode_updated.fifo"),
        ("send.message.update", "inst1_send_message_update.fifo"),
        ("group-participants.update", "inst1_group_participants_update.fifo"),
        ("typebot.change-status", "inst1_typebot_change_status.fifo"),
        ("logout.instance", "inst1_logout_instance.fifo"),
        ("singlequeue", "inst1_singlequeue.fifo"),
    ],
)
def test_sqs_queues_have_the_contracts_names(event: str, queue: str) -> None:
    assert sqs_queue("inst1", event) == queue


def test_rabbitmq_is_there_with_a_broker_unless_it_is_switched_off() -> None:
    assert not rules().rabbitmq
    assert rules("amqp://bus").rabbitmq
    assert rules(rabbitmq_uri="amqp://own").rabbitmq
    assert not rules("amqp://bus", rabbitmq_enabled=False).rabbitmq
    assert "RABBITMQ_URI" in refusal(rules(), "rabbitmq", "shop")
    rules().check("rabbitmq", QueueSinkInput(enabled=False), "shop")


def test_sqs_is_there_when_it_is_set_up_unless_it_is_switched_off() -> None:
    assert not rules().sqs
    assert rules(sqs_region="eu-west-1").sqs
    assert rules(sqs_enabled=True).sqs
    assert not rules(sqs_endpoint_url="http://h", sqs_enabled=False).sqs
    assert "SQS_ENABLED=true" in refusal(rules(), "sqs", "shop")


def test_no_instance_may_meet_the_global_queues() -> None:
    both = rules("amqp://bus", sqs_enabled=True, sqs_global=True, rabbitmq_global=True, rabbitmq_prefix="all")
    assert '"all" is the prefix' in refusal(both, "rabbitmq", "all")
    assert '"global" is the prefix' in refusal(both, "sqs", "global")
    rules("amqp://bus", rabbitmq_prefix="all").check("rabbitmq", ON, "all")


def test_a_name_that_sqs_does_not_take_is_refused_with_words() -> None:
    on = rules(sqs_enabled=True)
    for name in ("my shop", "my.shop", "a@b", "a+b"):
        assert "instanceName" in refusal(on, "sqs", name)
    longest = max(len(sqs_queue("", event)) for event in EVENT_NAMES.values())
    on.check("sqs", ON, "x" * (80 - longest))
    assert "81 characters of at most 80" in refusal(on, "sqs", "x" * (81 - longest))
    # Only the queues that are wanted count.
    on.check("sqs", QueueSinkInput(enabled=True, events=["call"]), "x" * (81 - longest))


def test_absent_events_keep_what_was_set_and_none_means_all() -> None:
    first = merged_sink("sqs", None, QueueSinkInput(events=["call", "CALL", "groups_update"]), new_id="i", now=1)
    assert (first.enabled, first.events, first.state) == (True, ["CALL", "GROUP_UPDATE"], "pending")
    assert merged_sink("sqs", first, ON, new_id="j", now=2).events == first.events
    assert merged_sink("rabbitmq", None, QueueSinkInput(events=[]), new_id="i", now=1).events == list(EVENT_NAMES)
    off = merged_sink("sqs", first, QueueSinkInput(enabled=False), new_id="j", now=2)
    assert (off.id, off.enabled, off.events, off.state) == ("i", False, [], None)
    assert merged_sink("sqs", off, ON, new_id="j", now=3).events == list(EVENT_NAMES)
