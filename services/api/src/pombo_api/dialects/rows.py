"""From kept configurations to the rows that set and find answer, the same in every dialect."""

from msgspec import UNSET

from pombo_api.dialects import configuration_shapes as shapes
from pombo_common.model.settings import Proxy, QueueSink, Webhook
from pombo_common.projection import iso


def webhook_row(webhook: Webhook, instance_id: str) -> shapes.WebhookAnswer:
    """Return the row of a webhook."""
    return shapes.WebhookAnswer(
        id=webhook.id,
        url=webhook.url,
        headers=webhook.headers,
        enabled=webhook.enabled,
        events=webhook.events,
        webhook_by_events=webhook.by_events,
        webhook_base64=webhook.base64,
        secrets=webhook.secrets,
        created_at=iso(webhook.created_at),
        updated_at=iso(webhook.updated_at),
        instance_id=instance_id,
    )


def sink_row(sink: QueueSink, instance_id: str) -> shapes.SinkAnswer:
    """Return the row of a queue sink."""
    return shapes.SinkAnswer(
        id=sink.id,
        enabled=sink.enabled,
        events=sink.events,
        state=sink.state or UNSET,
        reason=sink.reason or UNSET,
        created_at=iso(sink.created_at),
        updated_at=iso(sink.updated_at),
        instance_id=instance_id,
    )


def proxy_row(proxy: Proxy, instance_id: str, *, expose: bool = True) -> shapes.ProxyAnswer:
    """Return the row of a proxy; its password is empty unless exposed."""
    return shapes.ProxyAnswer(
        id=proxy.id,
        enabled=proxy.enabled,
        host=proxy.host,
        port=proxy.port,
        protocol=proxy.protocol,
        username=proxy.username,
        password=proxy.password if expose else "",
        created_at=iso(proxy.created_at),
        updated_at=iso(proxy.updated_at),
        instance_id=instance_id,
    )


def proxy_set(proxy: Proxy, name: str) -> shapes.ProxySetAnswer:
    """Return what a proxy's set answers."""
    fields = shapes.ProxyFields(
        enabled=proxy.enabled,
        host=proxy.host,
        port=proxy.port,
        protocol=proxy.protocol,
        username=proxy.username,
        password=proxy.password,
    )
    return shapes.ProxySetAnswer(shapes.NamedProxy(instance_name=name, proxy=fields))


def webhook_echo(webhook: Webhook) -> shapes.WebhookEcho:
    """Return `webhook` of a create answer."""
    return shapes.WebhookEcho(
        webhook_url=webhook.url,
        webhook_headers=webhook.headers,
        webhook_by_events=webhook.by_events,
        webhook_base64=webhook.base64,
    )
