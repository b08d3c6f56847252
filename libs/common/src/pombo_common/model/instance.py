"""An instance: its stored record, its secrets, its live state, and the neutral view that replies carry."""

from typing import Literal

import msgspec

from pombo_common.model.settings import Chatwoot, Proxy, QueueSink, Settings, Webhook

Integration = Literal["WHATSAPP-BAILEYS", "WHATSAPP-BUSINESS", "WHATSAPP-SANDBOX"]
State = Literal["close", "connecting", "open"]
Phase = Literal["idle", "dialling", "qr", "pairing", "login", "open", "waiting", "stopped"]


class Instance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The stored record of one instance.

    Attributes:
        id: UUID given at creation; every write names it.
        token_print: keyed fingerprint of the instance's token, to find and compare it without opening `sealed`.
        sealed: `InstanceSecrets` as JSON, sealed for this id.
        created_at: milliseconds since the epoch, like updated_at.
        version: grows by one with every change of the configuration.
    """

    name: str
    id: str
    integration: Integration
    number: str | None
    settings: Settings
    token_print: str
    sealed: bytes
    rabbitmq: QueueSink | None = None
    sqs: QueueSink | None = None
    created_at: int
    updated_at: int
    version: int = 1


class InstanceSecrets(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an instance keeps sealed: its token, and configuration that carries credentials or addresses."""

    token: str
    webhook: Webhook | None = None
    proxy: Proxy | None = None
    chatwoot: Chatwoot | None = None


class QrCode(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The QR code that a phone can scan now.

    Attributes:
        code: the text to draw.
        count: how many codes this connect has shown, from 1.
        expires_at: milliseconds since the epoch; a reader ignores the code afterwards.
    """

    code: str
    count: int
    expires_at: int


class Disconnection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The last disconnect that ended a session.

    Attributes:
        code: the library's status code.
        message: its text, for people.
        at: milliseconds since the epoch.
    """

    code: int
    message: str
    at: int


PAIRING_REFUSED = "pairing-code-refused"
"""The reason of a session that shows QR codes, and that WhatsApp gave no pairing code when it was asked last."""


class Live(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The live state of one instance's connection, written only by the lease's owner (or at creation).

    Attributes:
        state: what the wire shows.
        phase: what the session is doing, finer than state.
        reason: why it is so, a stable word such as `qr-expired`; None while all is well.
        status_reason: the number beside the state in `connection.update`.
        since: milliseconds since the epoch of the last change of state, phase or reason.
        wanted: a session should run; a worker that finds it without an owner adopts it.
        paired: the stored credentials hold a user.
        pairing_code: what the phone can type instead of scanning, for as long as this connection lives.
        pairing_number: the phone for which that code was asked.
        owner_jid: own JID without device part, kept after a disconnect.
        disconnection: the last one that ended a session; kept when it opens again.
    """

    state: State = "close"
    phase: Phase = "idle"
    reason: str | None = None
    status_reason: int = 200
    since: int
    wanted: bool = False
    paired: bool = False
    qr: QrCode | None = None
    pairing_code: str | None = None
    pairing_number: str | None = None
    owner_jid: str | None = None
    profile_name: str | None = None
    profile_picture_url: str | None = None
    disconnection: Disconnection | None = None


class InstanceInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One instance in no dialect: the result of its commands and the source of every answer about it."""

    instance_name: str
    instance_id: str
    integration: Integration
    number: str | None
    token: str | None
    settings: Settings
    webhook: Webhook | None
    proxy: Proxy | None
    rabbitmq: QueueSink | None
    sqs: QueueSink | None
    chatwoot: Chatwoot | None
    live: Live
    created_at: int
    updated_at: int
