"""`webhook.set`, `settings.set`, `rabbitmq.set` and `sqs.set`: one way to change a configuration."""

import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from pombo_common.model.commands import PlainCommand, RabbitmqSet, Reply, SettingsSet, SqsSet, WebhookSet
from pombo_common.model.instance import Instance, InstanceSecrets
from pombo_common.model.queue_sinks import Kind, check_sink, merged_sink
from pombo_common.model.webhooks import check_webhook, merged_webhook
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.projection import open_secrets, seal_secrets
from pombo_common.sealing import seal_reply
from pombo_worker.commands.context import Commands
from pombo_worker.delivery.signing import new_secret
from pombo_worker.events import now_ms

Edit = Callable[[Instance, InstanceSecrets, int], tuple[Instance, InstanceSecrets, Any]]
"""From record, secrets and the time to what they become, and the command's result.

Raises PomboError for what is not accepted."""


async def set_webhook(commands: Commands, command: WebhookSet, attempt: Attempt) -> Reply:
    """Set the webhook; absent members keep their value."""

    def edit(instance: Instance, secrets: InstanceSecrets, now: int) -> tuple[Instance, InstanceSecrets, Any]:
        known = secrets.webhook is not None and bool(secrets.webhook.url)
        check_webhook(command.webhook, url_needed=not known)
        webhook = merged_webhook(
            secrets.webhook, command.webhook, new_id=uuid.uuid4().hex, new_secret=new_secret(), now=now
        )
        return instance, msgspec.structs.replace(secrets, webhook=webhook), webhook

    return await reconfigure(commands, command, attempt, edit)


async def set_settings(commands: Commands, command: SettingsSet, attempt: Attempt) -> Reply:
    """Replace the behaviour switches."""

    def edit(instance: Instance, secrets: InstanceSecrets, _: int) -> tuple[Instance, InstanceSecrets, Any]:
        return msgspec.structs.replace(instance, settings=command.settings), secrets, command.settings

    return await reconfigure(commands, command, attempt, edit)


async def set_sink(commands: Commands, command: RabbitmqSet | SqsSet, attempt: Attempt) -> Reply:
    """Set a queue sink."""
    kind: Kind = "rabbitmq" if isinstance(command, RabbitmqSet) else "sqs"

    def edit(instance: Instance, secrets: InstanceSecrets, now: int) -> tuple[Instance, InstanceSecrets, Any]:
        check_sink(kind, command.sink)
        commands.queue_sinks.check(kind, command.sink, instance.name)
        old = instance.rabbitmq if kind == "rabbitmq" else instance.sqs
        sink = merged_sink(kind, old, command.sink, new_id=uuid.uuid4().hex, now=now)
        return msgspec.structs.replace(instance, **{kind: sink}), secrets, sink

    reply = await reconfigure(commands, command, attempt, edit)
    if kind == "sqs":
        commands.provide(command.instance)
    return reply


async def reconfigure(commands: Commands, command: PlainCommand, attempt: Attempt, edit: Edit) -> Reply:
    """Read, edit and write back under the record's version; what changed meanwhile is read again.

    Raises:
        PomboError: 400 naming a bad field, or 404.
        Superseded: another try of the same command went on.
    """
    while True:
        stored = await commands.find(command.instance)
        now = now_ms()
        instance, secrets, result = edit(stored.instance, open_secrets(stored.instance, commands.vault), now)
        changed = msgspec.structs.replace(
            instance,
            sealed=seal_secrets(instance.id, secrets, commands.vault),
            updated_at=now,
            version=stored.instance.version + 1,
        )
        reply = Reply(id=command.id, ok=True, result=result)
        change = Change(
            instance_id=instance.id,
            attempt=attempt,
            version=stored.instance.version,
            instance=changed,
            destinations=commands.destinations.changes(changed, secrets),
            outcome=seal_reply(reply, commands.vault),
        )
        if await commands.commit(instance.name, change) is Verdict.APPLIED:
            return reply
