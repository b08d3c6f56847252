"""The seed dialect's JSON: objects wrapped in `instance`, settings and business fields in snake_case."""

import msgspec
from msgspec import UNSET, UnsetType

from pombo_api.dialects.common_shapes import ChatwootNotice, QrAnswer
from pombo_api.dialects.configuration_shapes import WebhookEcho
from pombo_common.model.instance import State


class CreatedInstance(msgspec.Struct, kw_only=True):
    """`instance` of a create answer; `integration` stands beside the documented keys."""

    instance_name: str = msgspec.field(name="instanceName")
    instance_id: str = msgspec.field(name="instanceId")
    integration: str
    webhook_wa_business: str | None = None
    access_token_wa_business: str = ""
    status: str = "created"


class Hash(msgspec.Struct):
    """`hash` of a create answer."""

    apikey: str | None


class SnakeSettings(msgspec.Struct, kw_only=True):
    """Behaviour switches in create, settings/find and settings/set."""

    reject_call: bool
    msg_call: str
    groups_ignore: bool
    always_online: bool
    read_messages: bool
    read_status: bool
    sync_full_history: bool


class NamedSettings(msgspec.Struct, kw_only=True):
    """`settings` of a set answer."""

    instance_name: str = msgspec.field(name="instanceName")
    settings: SnakeSettings


class SettingsSetAnswer(msgspec.Struct):
    """Answer of settings/set."""

    settings: NamedSettings


class Created(msgspec.Struct, kw_only=True):
    """Answer of create."""

    instance: CreatedInstance
    hash: Hash
    settings: SnakeSettings
    webhook: WebhookEcho | UnsetType = UNSET
    qrcode: QrAnswer | UnsetType = UNSET
    chatwoot: ChatwootNotice | UnsetType = UNSET


class IntegrationAnswer(msgspec.Struct, kw_only=True):
    """`integration` of a list element, with the keys of both documented examples."""

    integration: str
    token: str | None
    webhook_wa_business: str | None = None


class ListedInstance(msgspec.Struct, kw_only=True, rename="camel"):
    """One instance of a list; owner and profile only once it has been linked."""

    instance_name: str
    instance_id: str
    owner: str | UnsetType = UNSET
    profile_name: str | UnsetType | None = UNSET
    profile_picture_url: str | UnsetType | None = UNSET
    profile_status: str | UnsetType | None = UNSET
    status: State
    server_url: str
    apikey: str | None
    integration: IntegrationAnswer


class Listed(msgspec.Struct):
    """Element of fetchInstances."""

    instance: ListedInstance
