"""The seed dialect's JSON: objects wrapped in `instance`, settings and business fields in snake_case."""

import msgspec
from msgspec import UNSET, UnsetType

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
    """`settings` of a create answer."""

    reject_call: bool
    msg_call: str
    groups_ignore: bool
    always_online: bool
    read_messages: bool
    read_status: bool
    sync_full_history: bool


class WebhookEcho(msgspec.Struct, kw_only=True, rename="camel"):
    """`webhook` of a create answer, when one was given."""

    webhook_url: str
    webhook_headers: dict[str, str]
    webhook_by_events: bool
    webhook_base64: bool


class QrAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A QR code as create and connect answer it; `message` only when there is none."""

    pairing_code: str | None
    code: str | None
    base64: str | None
    count: int
    message: str | UnsetType = UNSET


class Created(msgspec.Struct, kw_only=True):
    """Answer of create."""

    instance: CreatedInstance
    hash: Hash
    settings: SnakeSettings
    webhook: WebhookEcho | UnsetType = UNSET
    qrcode: QrAnswer | UnsetType = UNSET


class NamedState(msgspec.Struct, kw_only=True, rename="camel"):
    """`instance` of a state answer."""

    instance_name: str
    state: State


class StateAnswer(msgspec.Struct):
    """Answer of connectionState, of a connect that finds the session open, and of the sandbox."""

    instance: NamedState


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
