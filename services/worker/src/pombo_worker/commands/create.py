"""`instance.create`."""

import uuid

import msgspec

from pombo_common.model.commands import InstanceCreate, Reply
from pombo_common.model.errors import name_taken
from pombo_common.model.instance import Instance, InstanceSecrets, Live
from pombo_common.model.naming import check_name
from pombo_common.model.queue_sinks import merged_sink
from pombo_common.model.validation import Draft, check_create, merged_proxy
from pombo_common.model.webhooks import merged_webhook
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.projection import seal_secrets
from pombo_common.sealing import seal_reply
from pombo_worker.commands.connect import run_created
from pombo_worker.commands.context import Commands
from pombo_worker.commands.proxy import try_proxy
from pombo_worker.delivery.signing import new_secret
from pombo_worker.events import now_ms


async def create(commands: Commands, command: InstanceCreate, attempt: Attempt) -> Reply:
    """Create the instance, its event and this command's outcome in one step; then start its session when asked.

    Raises:
        PomboError: 400 naming a bad field or why the proxy does not work, 403 for a taken name, 503 without the sandbox
            that it needs.
        Superseded: another try of the same command went on.
    """
    name, draft = checked(commands, command)
    await try_proxy(commands, draft.integration, draft.proxy)
    stored, secrets = _new_instance(commands, name, draft)
    url = await commands.sessions.address(stored.instance) if draft.connect else None
    reply = commands.described(command, stored)
    change = Change(
        instance_id=stored.instance.id,
        create=True,
        attempt=attempt,
        instance=stored.instance,
        live=stored.live,
        destinations=commands.destinations.changes(stored.instance, secrets),
        events=(commands.events.lifecycle("instance.create", name, stored.instance.id),),
        outcome=seal_reply(reply, commands.vault),
    )
    verdict = await commands.commit(name, change)
    if verdict is Verdict.TAKEN:
        raise name_taken(name)
    if stored.instance.sqs is not None:
        commands.provide(name)
    if draft.connect:
        await run_created(commands, stored, url)
    return reply


def checked(commands: Commands, command: InstanceCreate) -> tuple[str, Draft]:
    """Return the name and what else is asked for.

    Raises:
        PomboError: 400 naming a bad field.
    """
    name = check_name(command.instance, exchange=commands.exchange)
    draft = check_create(command, sandbox=commands.sandbox, api_key=commands.api_key)
    for kind, sink in draft.queue_sinks:
        commands.queue_sinks.check(kind, sink, name)
    return name, draft


def _new_instance(commands: Commands, name: str, draft: Draft) -> tuple[StoredInstance, InstanceSecrets]:
    now = now_ms()
    instance_id = str(uuid.uuid4())
    token = draft.token or str(uuid.uuid4()).upper()
    webhook = None
    if draft.webhook is not None:
        webhook = merged_webhook(None, draft.webhook, new_id=uuid.uuid4().hex, new_secret=new_secret(), now=now)
    proxy = None
    if draft.proxy is not None:
        proxy = merged_proxy(None, draft.proxy, new_id=uuid.uuid4().hex, now=now)
    secrets = InstanceSecrets(token=token, webhook=webhook, proxy=proxy, chatwoot=draft.chatwoot)
    queues = {kind: merged_sink(kind, None, sink, new_id=uuid.uuid4().hex, now=now) for kind, sink in draft.queue_sinks}
    instance = Instance(
        name=name,
        id=instance_id,
        integration=draft.integration,
        number=draft.number,
        settings=draft.settings,
        token_print=commands.vault.fingerprint(token.encode()),
        sealed=seal_secrets(instance_id, secrets, commands.vault),
        rabbitmq=queues.get("rabbitmq"),
        sqs=queues.get("sqs"),
        created_at=now,
        updated_at=now,
    )
    live = Live(since=now, reason="new")
    if draft.connect:
        live = msgspec.structs.replace(live, phase="dialling", reason=None, wanted=True)
    return StoredInstance(instance=instance, live=live, lease=None), secrets
