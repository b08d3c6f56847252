"""The worker's end of the Bus, played by the test: real records and replies, no sessions."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.model.commands import (
    Command,
    InstanceConnect,
    InstanceCreate,
    InstanceDelete,
    PlainCommand,
    Reply,
    SealedCommand,
    WebhookSet,
)
from pombo_common.model.errors import ErrorInfo, PomboError, name_taken
from pombo_common.model.instance import Instance, InstanceSecrets, Live, QrCode
from pombo_common.model.validation import check_create
from pombo_common.model.webhooks import merged_webhook
from pombo_common.ports.bus import Disposition, Done, Request
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import CommandRecord, StoredInstance
from pombo_common.projection import instance_info, open_secrets, seal_secrets
from pombo_common.sealing import command_fingerprints, read_command, seal_reply
from pombo_common.vault import Vault

OWNER = "w1"
LEASE_SECONDS = 3600.0


SECRET = "whsec_" + "A" * 32
"""The signing secret that every webhook gets."""


class ScriptedWorker:
    """Handles commands as a worker does; a test may step in before the effect, and between effect and reply.

    Attributes:
        handled: the commands whose effect happened, in order.
        before: awaited before a command is started.
        during: awaited between its start and its effect.
        after: awaited once its effect is stored, before the reply.
    """

    def __init__(self, store: SqliteStore, vault: Vault, api_key: str) -> None:
        self.handled: list[PlainCommand] = []
        self.received = asyncio.Event()
        self.before: Callable[[PlainCommand], Awaitable[None]] = _nothing
        self.during: Callable[[PlainCommand], Awaitable[None]] = _nothing
        self.after: Callable[[PlainCommand], Awaitable[None]] = _nothing
        self._store = store
        self._vault = vault
        self._api_key = api_key

    async def handle(self, request: Request) -> Disposition:
        """Open, start, carry out, record, reply."""
        sealed = msgspec.json.decode(request.body, type=Command)
        assert isinstance(sealed, SealedCommand), "the API publishes sealed commands only"
        command = read_command(request.body, self._vault)
        assert (command.id, command.instance) == (sealed.id, sealed.instance)
        self.received.set()
        await self.before(command)
        first, *also = command_fingerprints(command, self._vault)
        record = CommandRecord(id=command.id, fingerprint=first, not_after=sealed.not_after or 0)
        start = await self._store.start_command(command.instance, record, token := str(uuid.uuid4()), also=also)
        if start.verdict != "started":
            info = ErrorInfo(status=503, code=start.verdict, message=[f"The command is {start.verdict}"])
            return Done(msgspec.json.encode(Reply(id=command.id, ok=False, error=info)))
        await self.during(command)
        reply = await self._reply(command, Attempt(command.id, token))
        await self.after(command)
        return Done(reply)

    async def set_live(self, name: str, **fields: Any) -> None:  # noqa: ANN401 - fields of Live
        """Change the live state of an instance, as its lease's owner."""
        stored = await self._store.instance(name)
        assert stored is not None
        if stored.lease is None:
            await self._store.acquire(name, stored.instance.id, OWNER, LEASE_SECONDS)
        await self._store.apply(
            name, Change(instance_id=stored.instance.id, live=msgspec.structs.replace(stored.live, **fields))
        )

    async def show_qr(self, name: str, code: str, *, count: int = 1, valid_ms: int = 60_000) -> None:
        """Show a QR code."""
        qr = QrCode(code=code, count=count, expires_at=await self._store.now() + valid_ms)
        await self.set_live(name, state="connecting", phase="qr", reason=None, qr=qr, wanted=True)

    async def lose(self, name: str) -> None:
        """Lose the lease, as a worker does that was killed."""
        stored = await self._store.instance(name)
        assert stored is not None
        assert stored.lease is not None
        await self._store.release(name, stored.instance.id, stored.lease.held)

    async def _reply(self, command: PlainCommand, attempt: Attempt) -> bytes:
        try:
            result, change = await self._effect(command, attempt)
        except PomboError as error:
            return await self._refuse(command, attempt, error)
        reply = Reply(id=command.id, ok=True, result=result)
        change = msgspec.structs.replace(change, outcome=seal_reply(reply, self._vault))
        applied = await self._store.apply(command.instance, change)
        if applied.verdict is Verdict.TAKEN:
            return await self._refuse(command, attempt, name_taken(command.instance))
        assert applied.verdict is Verdict.APPLIED
        self.handled.append(command)
        return msgspec.json.encode(reply)

    async def _refuse(self, command: PlainCommand, attempt: Attempt, error: PomboError) -> bytes:
        reply = Reply(id=command.id, ok=False, error=error.info)
        await self._store.finish_command(command.instance, attempt, seal_reply(reply, self._vault))
        return msgspec.json.encode(reply)

    async def _effect(self, command: PlainCommand, attempt: Attempt) -> tuple[object, Change]:
        if isinstance(command, InstanceCreate):
            return await self._create(command, attempt)
        stored = await self._store.instance(command.instance)
        assert stored is not None
        instance_id = stored.instance.id
        if isinstance(command, WebhookSet):
            secrets = open_secrets(stored.instance, self._vault)
            webhook = merged_webhook(
                secrets.webhook, command.webhook, new_id="w1", new_secret=SECRET, now=1_700_000_000_123
            )
            sealed = seal_secrets(instance_id, msgspec.structs.replace(secrets, webhook=webhook), self._vault)
            changed = msgspec.structs.replace(stored.instance, sealed=sealed)
            return webhook, Change(instance_id=instance_id, attempt=attempt, instance=changed)
        info = instance_info(stored, self._vault)
        if isinstance(command, InstanceDelete):
            return info, Change(instance_id=instance_id, attempt=attempt, delete=True)
        assert isinstance(command, InstanceConnect)
        live = stored.live
        if live.state != "open":
            live = msgspec.structs.replace(live, state="connecting", phase="dialling", reason=None, wanted=True)
        return info, Change(instance_id=instance_id, attempt=attempt, live=live)

    async def _create(self, command: InstanceCreate, attempt: Attempt) -> tuple[object, Change]:
        draft = check_create(command, sandbox=True, api_key=self._api_key)
        now = await self._store.now()
        token, instance_id = draft.token or str(uuid.uuid4()).upper(), str(uuid.uuid4())
        webhook = (
            None
            if draft.webhook is None
            else merged_webhook(None, draft.webhook, new_id="w1", new_secret=SECRET, now=now)
        )
        instance = Instance(
            name=command.instance,
            id=instance_id,
            integration=draft.integration,
            number=draft.number,
            settings=draft.settings,
            token_print=self._vault.fingerprint(token.encode()),
            sealed=seal_secrets(instance_id, InstanceSecrets(token=token, webhook=webhook), self._vault),
            created_at=now,
            updated_at=now,
        )
        live = Live(since=now, wanted=draft.connect, state="connecting" if draft.connect else "close", reason="new")
        change = Change(instance_id=instance_id, create=True, attempt=attempt, instance=instance, live=live)
        return instance_info(StoredInstance(instance, live, None), self._vault), change


async def _nothing(_: PlainCommand) -> None:
    """Step in nowhere."""
