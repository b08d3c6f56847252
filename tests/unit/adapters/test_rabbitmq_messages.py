"""Copies of messages: what of a sender's headers goes along."""

from typing import cast

import pytest
from aio_pika import Message
from aio_pika.abc import AbstractIncomingMessage, FieldValue

from pombo_common.adapters.rabbitmq.messages import (
    ATTEMPTS,
    CARRIED_BYTES,
    NOT_AFTER,
    REASON,
    attempts_of,
    given_up,
    sent_on,
)


def arrived(**headers: FieldValue) -> AbstractIncomingMessage:
    """Return a message with the members that are looked at."""
    return cast("AbstractIncomingMessage", Message(b"x", headers=headers, message_id="m"))


def test_ordinary_headers_go_along() -> None:
    message = arrived(traceparent="00-1-2-01", tenant={"id": 7})
    assert sent_on(message, 5, attempts=1).headers == {**message.headers, ATTEMPTS: 1, NOT_AFTER: 5}
    assert given_up(message, "why").headers == {**message.headers, REASON: "why"}


@pytest.mark.parametrize("value", ["x" * CARRIED_BYTES, [b"\xff"], b"\xff", 2**70, 1e300])
def test_what_fits_no_frame_or_cannot_be_written_stays_behind(value: FieldValue) -> None:
    message = arrived(traceparent="00-1-2-01", odd=value)
    copies = sent_on(message, 5, attempts=1), given_up(message, "why")
    assert [copy.headers for copy in copies] == [{ATTEMPTS: 1, NOT_AFTER: 5}, {REASON: "why"}]
    for copy in copies:
        assert copy.properties.marshal()


def test_tries_below_none_do_not_count() -> None:
    assert attempts_of(arrived(**{ATTEMPTS: -(2**62)})) == 0
