"""Every field of the create request, with its type, default and limit."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pombo_common.model.settings import Line, QueueSinkInput, Text, Url, WebhookInput

Number = Annotated[str | int, Meta(description="digits with country code, or a JID")]
Port = Annotated[str | int, Meta(description="1 to 65535")]


class CreateFields(msgspec.Struct, kw_only=True, rename="camel"):
    """What create accepts beside the name; the REST body and the queue command share it."""

    integration: Line | None = None
    token: Line | None = None
    qrcode: bool = False
    number: Number | None = None
    reject_call: bool = False
    msg_call: Text = ""
    groups_ignore: bool = False
    always_online: bool = False
    read_messages: bool = False
    read_status: bool = False
    sync_full_history: bool = False
    proxy_host: Line | None = None
    proxy_port: Port | None = None
    proxy_protocol: Line | None = None
    proxy_username: Line | None = None
    proxy_password: Line | None = None
    webhook: WebhookInput | None = None
    rabbitmq: QueueSinkInput | None = None
    sqs: QueueSinkInput | None = None
    chatwoot_account_id: Line | int | None = None
    chatwoot_token: Line | None = None
    chatwoot_url: Url | None = None
    chatwoot_sign_msg: bool = False
    chatwoot_reopen_conversation: bool = False
    chatwoot_conversation_pending: bool = False
    chatwoot_import_contacts: bool = True
    chatwoot_name_inbox: Line = ""
    chatwoot_merge_brazil_contacts: bool = False
    chatwoot_import_messages: bool = True
    chatwoot_days_limit_import_messages: Annotated[int, Meta(ge=0, le=3650)] = 60
    chatwoot_organization: Line = ""
    chatwoot_logo: Url = ""


class CreateBody(CreateFields, kw_only=True, rename="camel"):
    """Body of `POST /instance/create`."""

    instance_name: str
