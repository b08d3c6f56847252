"""`delivery.resend` and `webhook.test`."""

import time
import uuid

from pombo_common.dead_letters import all_dead_letters
from pombo_common.model.commands import Reply
from pombo_common.model.deliveries import DeliveryResend, Resent, WebhookTest, WebhookTested
from pombo_common.model.errors import PomboError, unknown_instance
from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.ports.bus import BusUnavailable, Wakeup
from pombo_common.ports.changes import Attempt
from pombo_common.ports.deliveries import EventRef, Resend
from pombo_common.projection import open_secrets
from pombo_worker.commands.context import Commands
from pombo_worker.delivery.destination_settings import WEBHOOK, open_destination
from pombo_worker.delivery.sink import Delivery
from pombo_worker.events import now_ms

SAMPLE = "application.startup"


async def resend(commands: Commands, command: DeliveryResend, attempt: Attempt) -> Reply:
    """Put an event aside for its destinations, due now.

    Raises:
        PomboError: 404 without such an instance or event; 409 while it is on its line, or when it has no destination
            any more; 410 when its body is no longer kept.
        Superseded: another try of the same command went on.
    """
    name, instance_id = command.instance, command.instance_id
    if instance_id is None:
        instance_id = (await commands.find(name)).instance.id
    event, due = await _due_to(commands, name, instance_id, command.event)
    wanted = due if command.destination is None else [command.destination]
    verdicts = {
        destination: await commands.store.resend(name, instance_id, destination, event) for destination in wanted
    }
    sent = [destination for destination, verdict in verdicts.items() if verdict is Resend.SENT]
    if not sent:
        logged = await commands.store.event(name, instance_id, event.id) is not None
        raise _refusal(next(iter(verdicts.values()), Resend.UNSET), event, logged=logged)
    reply = Reply(id=command.id, ok=True, result=Resent(event=event.id, destinations=sent))
    await commands.answer_only(name, attempt, reply)
    for destination in sent:
        try:
            await commands.wakes.wake(Wakeup(name, instance_id, destination, aside=True))
        except BusUnavailable:
            break  # the sweep finds them
    return reply


async def _due_to(commands: Commands, name: str, instance_id: str, event_id: str) -> tuple[EventRef, list[str]]:
    """Find an event and the destinations that it was due to.

    Raises:
        PomboError: 404.
    """
    store = commands.store
    parked = [*await all_dead_letters(store, name, instance_id), *await store.asides(name, instance_id)]
    found = {one.destination: one for one in parked if one.event_id == event_id}
    logged = await store.event(name, instance_id, event_id)
    names = set(found)
    if logged is not None:
        for state in await store.destinations(name, instance_id):
            opened = open_destination(state.name, state.settings, instance_id, commands.vault)
            if state.first <= logged.seq and opened.wants(logged.type):
                names.add(state.name)
        return EventRef(logged.seq, logged.id, logged.type), sorted(names)
    if not found:
        if await store.destinations(name, instance_id):
            raise PomboError(404, "unknown_event", "no event of that id is kept")
        raise (
            unknown_instance(name)
            if await store.instance(name) is None
            else PomboError(404, "unknown_event", "no event of that id is kept")
        )
    one = next(iter(found.values()))
    return EventRef(one.seq, event_id, one.event_type or ""), sorted(names)


def _refusal(verdict: Resend, event: EventRef, *, logged: bool) -> PomboError:
    if verdict is Resend.PENDING:
        return PomboError(409, "still_pending", "the event is still on its destination's line, and will be tried there")
    if verdict is Resend.GONE and logged:
        words = "the event's dead letter has no body any more, and may stand for several (seq to lastSeq)"
        return PomboError(410, "body_gone", f"{words}; GET /events with after={event.seq - 1} still shows the event")
    if verdict is Resend.GONE:
        return PomboError(410, "body_gone", "the event's body is no longer kept, so it cannot be sent again")
    return PomboError(409, "no_destination", "the instance has no such destination now: set it first")


async def test_webhook(commands: Commands, command: WebhookTest, attempt: Attempt) -> Reply:
    """Send a sample to the instance's webhook through its sink, and say what came of it.

    Raises:
        PomboError: 404 without such an instance, 400 without an address.
        Superseded: another try of the same command went on.
    """
    instance = (await commands.find(command.instance)).instance
    destination = commands.destinations.webhook(instance, open_secrets(instance, commands.vault))
    if destination is None:
        raise PomboError(400, "no_webhook", f'The "{instance.name}" instance has no webhook: set its url first')
    event = LoggedEvent(seq=0, epoch=0, id=uuid.uuid4().hex, type=SAMPLE, at=now_ms(), body=b"")
    body = EventBody(data={"instance": instance.name, "instanceId": instance.id, "test": True})
    began = time.monotonic()
    (outcome,) = await commands.sinks[WEBHOOK].send(
        destination, instance.id, [Delivery(event=event, body=body, prev=0, attempt=1)]
    )
    result = WebhookTested(
        ok=outcome.ok,
        status=outcome.status,
        reason=outcome.why,
        response=outcome.response,
        took_ms=round((time.monotonic() - began) * 1000),
    )
    reply = Reply(id=command.id, ok=True, result=result)
    await commands.answer_only(instance.name, attempt, reply)
    return reply
