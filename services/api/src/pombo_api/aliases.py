"""Older spellings of fields: version 1's snake_case names and flat objects, brought to today's before decoding."""

from typing import Any

import msgspec

from pombo_api.bodies import SettingsBody
from pombo_common.model.create import CreateBody
from pombo_common.model.settings import WebhookInput

KINDS = (CreateBody, WebhookInput, SettingsBody)
ALIASES: dict[str, str] = {
    field.name: field.encode_name
    for kind in KINDS
    for field in msgspec.structs.fields(kind)
    if field.name != field.encode_name
}
"""From older name to today's, for every field that is written in two words."""

NESTED = ("webhook", "rabbitmq", "sqs")
"""Objects inside a body in which the older names are accepted as well."""

FLAT_SINKS = ("rabbitmq", "sqs", "websocket")
FLAT_PROXY = {
    "host": "proxyHost",
    "port": "proxyPort",
    "protocol": "proxyProtocol",
    "username": "proxyUsername",
    "password": "proxyPassword",
}


def renamed(body: Any) -> Any:  # noqa: ANN401 - JSON
    """Bring the names of a body to today's; where both spellings are given, today's counts."""
    if not isinstance(body, dict):
        return body
    named = _named(body)
    return named | {name: _named(named[name]) for name in NESTED if isinstance(named.get(name), dict)}


def unfolded(body: Any) -> Any:  # noqa: ANN401 - JSON
    """Bring a create body of version 1 to today's objects: `webhook` as an address, `proxy`, `<sink>_enabled`."""
    body = renamed(body)
    if not isinstance(body, dict):
        return body
    made: dict[str, Any] = {}
    if isinstance(body.get("webhook"), str):
        switches = {name: body[name] for name in ("webhookByEvents", "webhookBase64", "events") if name in body}
        made["webhook"] = {"url": body["webhook"], **switches} if body["webhook"] else None
    if isinstance(body.get("proxy"), dict):
        given = {name: body["proxy"][part] for part, name in FLAT_PROXY.items() if part in body["proxy"]}
        made |= {name: value for name, value in given.items() if name not in body}
    for sink in FLAT_SINKS:
        if f"{sink}_enabled" in body and sink not in body:
            made[sink] = {"enabled": body[f"{sink}_enabled"], "events": body.get(f"{sink}_events")}
    return body | made


def _named(body: dict[str, Any]) -> dict[str, Any]:
    older = {ALIASES[name]: value for name, value in body.items() if name in ALIASES}
    return older | {name: value for name, value in body.items() if name not in ALIASES}
