"""The v2 dialect's JSON: Evolution 2.3.6's, key for key and in its order."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from pombo_api.dialects.common_shapes import ChatwootNotice
from pombo_api.dialects.configuration_shapes import ProxyAnswer, SinkAnswer
from pombo_common.model.instance import State


class CreatedInstanceV2(msgspec.Struct, kw_only=True, rename="camel"):
    """`instance` of a create answer."""

    instance_name: str
    instance_id: str
    integration: str
    webhook_wa_business: str | None = None
    access_token_wa_business: str = ""
    status: State


class SinkEcho(msgspec.Struct, kw_only=True):
    """A queue sink in a create answer; empty when there is none."""

    enabled: bool | UnsetType = UNSET


class WebhookEchoV2(msgspec.Struct, kw_only=True, rename="camel"):
    """`webhook` of a create answer; empty when there is none."""

    webhook_url: str | UnsetType = UNSET
    webhook_headers: dict[str, str] | UnsetType = UNSET
    webhook_by_events: bool | UnsetType = UNSET
    webhook_base64: bool | UnsetType = UNSET


class SettingsEchoV2(msgspec.Struct, kw_only=True, rename="camel"):
    """Behaviour switches in settings/set."""

    reject_call: bool
    msg_call: str
    groups_ignore: bool
    always_online: bool
    read_messages: bool
    read_status: bool
    sync_full_history: bool


class SettingsV2(SettingsEchoV2, kw_only=True):
    """Behaviour switches in create and settings/find."""

    wavoip_token: str = ""


class NamedSettingsV2(msgspec.Struct, kw_only=True, rename="camel"):
    """`settings` of a set answer."""

    instance_name: str
    settings: SettingsEchoV2


class SettingsSetAnswerV2(msgspec.Struct):
    """Answer of settings/set."""

    settings: NamedSettingsV2


class QrAnswerV2(msgspec.Struct, kw_only=True, rename="camel"):
    """A QR code; without one only `count` 0 and a `message` that says why."""

    pairing_code: str | UnsetType | None = UNSET
    code: str | UnsetType = UNSET
    base64: str | UnsetType = UNSET
    count: int
    expires_at: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


class CreatedV2(msgspec.Struct, kw_only=True):
    """Answer of create."""

    instance: CreatedInstanceV2
    hash: str
    webhook: WebhookEchoV2
    websocket: SinkEcho
    rabbitmq: SinkEcho
    nats: SinkEcho
    sqs: SinkEcho
    settings: SettingsV2
    qrcode: QrAnswerV2 | UnsetType = UNSET
    chatwoot: ChatwootNotice | UnsetType = UNSET


class SettingRowV2(msgspec.Struct, kw_only=True, rename="camel"):
    """`Setting` of a list element."""

    id: str
    reject_call: bool
    msg_call: str
    groups_ignore: bool
    always_online: bool
    read_messages: bool
    read_status: bool
    sync_full_history: bool
    wavoip_token: str = ""
    created_at: str
    updated_at: str
    instance_id: str


class CountsV2(msgspec.Struct, kw_only=True):
    """`_count` of a list element: nothing is kept of messages, contacts and chats."""

    message: Literal[0] = msgspec.field(default=0, name="Message")
    contact: Literal[0] = msgspec.field(default=0, name="Contact")
    chat: Literal[0] = msgspec.field(default=0, name="Chat")


class ListedV2(msgspec.Struct, kw_only=True, rename="camel"):
    """Element of fetchInstances; `token` is empty when tokens are not shown."""

    id: str
    name: str
    connection_status: State
    owner_jid: str | None
    profile_name: str | None
    profile_pic_url: str | None
    integration: str
    number: str | None
    business_id: None = None
    token: str
    client_name: str
    disconnection_reason_code: int | None
    disconnection_object: str | None
    disconnection_at: str | None
    created_at: str
    updated_at: str
    chatwoot: None = msgspec.field(default=None, name="Chatwoot")
    proxy: ProxyAnswer | None = msgspec.field(name="Proxy")
    rabbitmq: SinkAnswer | None = msgspec.field(name="Rabbitmq")
    nats: None = msgspec.field(default=None, name="Nats")
    sqs: SinkAnswer | None = msgspec.field(name="Sqs")
    websocket: None = msgspec.field(default=None, name="Websocket")
    setting: SettingRowV2 = msgspec.field(name="Setting")
    count: CountsV2 = msgspec.field(default_factory=CountsV2, name="_count")
