"""What create and set accept beyond types: the same rules for REST and for the queue, each naming the field."""

import re
from typing import NoReturn, get_args
from urllib.parse import urlsplit

import msgspec

from pombo_common.model.create import CreateFields
from pombo_common.model.errors import PomboError, not_available
from pombo_common.model.instance import Integration
from pombo_common.model.phones import check_number, check_pairing_number
from pombo_common.model.queue_sinks import Kind, check_sink
from pombo_common.model.settings import Chatwoot, Proxy, ProxyInput, QueueSinkInput, Settings, WebhookInput
from pombo_common.model.webhooks import check_webhook

TOKEN_PATTERN = re.compile(r"[\x21-\x7e]{1,255}\Z")
PROXY_PROTOCOLS = ("http", "https", "socks4", "socks5")
SANDBOX = "WHATSAPP-SANDBOX"
BUSINESS = "WHATSAPP-BUSINESS"
LAST_PORT = 65535


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A checked create request, without what only the Store or the worker can give (id, token, times)."""

    integration: Integration
    token: str | None
    number: str | None
    settings: Settings
    proxy: ProxyInput | None
    webhook: WebhookInput | None
    queue_sinks: tuple[tuple[Kind, QueueSinkInput], ...]
    chatwoot: Chatwoot | None
    connect: bool


def check_create(fields: CreateFields, *, sandbox: bool, api_key: str) -> Draft:
    """Check everything of a create request but its name, and whether there are such queue sinks here.

    Args:
        fields: the decoded request.
        sandbox: whether WHATSAPP-SANDBOX exists here.
        api_key: the global key, which no instance may have as its token.

    Raises:
        PomboError: 400, naming the field, why, and what is accepted.
    """
    given: tuple[tuple[Kind, QueueSinkInput | None], ...] = (("rabbitmq", fields.rabbitmq), ("sqs", fields.sqs))
    sinks = tuple((kind, sink) for kind, sink in given if sink is not None)
    for kind, sink in sinks:
        check_sink(kind, sink)
    if fields.webhook is not None:
        check_webhook(fields.webhook, url_needed=True)
    return Draft(
        integration=_integration(fields.integration, sandbox=sandbox),
        token=_token(fields.token, api_key),
        number=check_pairing_number(fields.number) if fields.qrcode else check_number(fields.number),
        settings=Settings(
            reject_call=fields.reject_call,
            msg_call=fields.msg_call,
            groups_ignore=fields.groups_ignore,
            always_online=fields.always_online,
            read_messages=fields.read_messages,
            read_status=fields.read_status,
            sync_full_history=fields.sync_full_history,
        ),
        proxy=_proxy(fields),
        webhook=fields.webhook,
        queue_sinks=sinks,
        chatwoot=_chatwoot(fields),
        connect=fields.qrcode,
    )


def check_proxy(proxy: ProxyInput) -> None:
    """Check a proxy that is to be switched on.

    Raises:
        PomboError: 400 `bad_proxy`.
    """
    if not proxy.enabled:
        return
    if not proxy.host:
        _refuse("proxy", "proxy host must not be empty")
    port = str(proxy.port)
    if not _is_port(port):
        _refuse("proxy", f"proxy port must be a number from 1 to {LAST_PORT}")
    if proxy.protocol.lower() not in PROXY_PROTOCOLS:
        _refuse("proxy", f"proxy protocol must be one of {', '.join(PROXY_PROTOCOLS)}")


def merged_proxy(old: Proxy | None, new: ProxyInput, *, new_id: str, now: int) -> Proxy:
    """Return what is kept of a checked proxy; a disabled one is blank."""
    on = new.enabled
    return Proxy(
        id=old.id if old else new_id,
        enabled=on,
        host=new.host if on else "",
        port=str(new.port) if on else "",
        protocol=new.protocol.lower() if on else "",
        username=new.username if on else "",
        password=new.password if on else "",
        created_at=old.created_at if old else now,
        updated_at=now,
    )


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(LAST_PORT)) and 1 <= int(text) <= LAST_PORT


def _is_web_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https")
    except ValueError:  # brackets without an IPv6 address, for one
        return False


def _refuse(field: str, why: str) -> NoReturn:
    raise PomboError(400, f"bad_{field}", why)


def _integration(given: str | None, *, sandbox: bool) -> Integration:
    accepted = [name for name in get_args(Integration) if name != SANDBOX or sandbox]
    if given not in accepted:
        _refuse("integration", f"Invalid integration: integration must be one of {', '.join(accepted)}")
    if given == BUSINESS:
        raise not_available(BUSINESS)
    integration: Integration = msgspec.convert(given, Integration)
    return integration


def _token(token: str | None, api_key: str) -> str | None:
    if not token:
        return None
    if not TOKEN_PATTERN.match(token) or token == api_key:
        _refuse("token", "token must be 1 to 255 printable characters without spaces, and not the global key")
    return token


def _proxy(fields: CreateFields) -> ProxyInput | None:
    if not fields.proxy_host:
        return None
    proxy = ProxyInput(
        enabled=True,
        host=fields.proxy_host,
        port=fields.proxy_port or "",
        protocol=fields.proxy_protocol or "http",
        username=fields.proxy_username or "",
        password=fields.proxy_password or "",
    )
    check_proxy(proxy)
    return proxy


def _chatwoot(fields: CreateFields) -> Chatwoot | None:
    if not (fields.chatwoot_account_id and fields.chatwoot_token and fields.chatwoot_url):
        return None
    if not _is_web_address(fields.chatwoot_url):
        _refuse("chatwoot", "chatwootUrl must be an address that begins with http:// or https://")
    return Chatwoot(
        account_id=str(fields.chatwoot_account_id),
        token=fields.chatwoot_token,
        url=fields.chatwoot_url,
        sign_msg=fields.chatwoot_sign_msg,
        reopen_conversation=fields.chatwoot_reopen_conversation,
        conversation_pending=fields.chatwoot_conversation_pending,
        import_contacts=fields.chatwoot_import_contacts,
        name_inbox=fields.chatwoot_name_inbox,
        merge_brazil_contacts=fields.chatwoot_merge_brazil_contacts,
        import_messages=fields.chatwoot_import_messages,
        days_limit_import_messages=fields.chatwoot_days_limit_import_messages,
        organization=fields.chatwoot_organization,
        logo=fields.chatwoot_logo,
    )
