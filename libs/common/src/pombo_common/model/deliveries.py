"""Commands about deliveries, with their results: to send an event again, and to try a webhook."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pombo_common.model.addressed import Addressed
from pombo_common.model.settings import Line

EventId = Annotated[str, Meta(min_length=1, max_length=100)]


class DeliveryResend(Addressed, kw_only=True, rename="camel", tag="delivery.resend"):
    """Deliver an event once more, out of turn and with its tries anew.

    Attributes:
        event: the event's id.
        destination: to which one; all that it was due to when left out.
        instance_id: of a deleted instance, whose dead letters are kept for 72 h.
    """

    event: EventId
    destination: Line | None = None
    instance_id: Line | None = None


class Resent(msgspec.Struct, frozen=True, kw_only=True):
    """Result of DeliveryResend.

    Attributes:
        event: the event's id.
        destinations: those that it is about to be sent to.
    """

    event: str
    destinations: list[str]


class WebhookTest(Addressed, kw_only=True, rename="camel", tag="webhook.test"):
    """Send a sample event to the instance's webhook now, enabled or not; it leaves no trace in the log."""


class WebhookTested(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Result of WebhookTest.

    Attributes:
        ok: the receiver took it.
        status: its HTTP status; None when there was no answer.
        reason: why it failed; empty when it did not.
        response: what the receiver answered, the first 2 KB.
        took_ms: from the call to the answer, milliseconds.
    """

    ok: bool
    status: int | None
    reason: str
    response: str
    took_ms: int
