"""A session over every route, as it is recorded in `golden/`: requests in order, and their answers made repeatable."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tests.contract.api.real import Real

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MADE_TOKEN = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")
ROW_ID = re.compile(r'"[0-9a-f]{32}"')
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MILLISECONDS = re.compile(r"\b1[6-9]\d{11}\b")
SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
SENT_ID = re.compile(r'"3EB0[0-9A-F]{18}"')
REPEATABLE: tuple[tuple[re.Pattern[str], str], ...] = (
    (MADE_TOKEN, "96EB95DF-7122-4283-9BCE-D28CCDB57D6B"),
    (UUID, "929ec3e1-283a-4cec-8dd5-2962dafa94a4"),
    (ROW_ID, '"c1d7e0b25a644f0f9a1d3c5be28f6a47"'),
    (MOMENT, "2026-11-22T21:30:59.067Z"),
    (MILLISECONDS, "1795383059067"),
    (SENT_ID, '"3EB01B6E0E85DC1345CF30"'),
    (SIGNING_SECRET, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="),
    (PICTURE, "data:image/png;base64,iVBORw0KGgo..."),
)

SWITCHES = {
    "rejectCall": True,
    "msgCall": "no calls",
    "groupsIgnore": True,
    "alwaysOnline": False,
    "readMessages": False,
    "readStatus": False,
    "syncFullHistory": False,
}
WEBHOOK = {
    "enabled": True,
    "url": "http://127.0.0.1:9/hook",
    "byEvents": True,
    "headers": {"x-a": "1"},
    "events": ["CONNECTION_UPDATE"],
}
RABBITMQ = {"enabled": True, "events": ["CALL", "groups_update"]}
PROXY_ON = {"enabled": True, "host": "10.0.0.1", "port": 3128, "protocol": "http", "username": "u", "password": "p"}
CHATWOOT = {"chatwootAccountId": 1, "chatwootToken": "cw", "chatwootUrl": "https://chat.example.com"}
READ = {"remoteJid": "15557770001@s.whatsapp.net", "fromMe": False, "id": "63F5F87ACD7481F9"}
PICTURE_SENT = {"number": "15557770001", "mediatype": "image", "media": "aGVsbG8=", "caption": "a picture"}
S = "WHATSAPP-SANDBOX"
B = "WHATSAPP-BAILEYS"

STEPS: tuple[tuple[str, str, object], ...] = (
    ("GET", "/", None),
    ("GET", "/instance/fetchInstances", None),
    ("POST", "/instance/create", {"instanceName": "s1", "integration": B, "qrcode": False}),
    ("POST", "/instance/create", {"instanceName": "s1", "integration": B}),
    ("POST", "/instance/create", {"instanceName": "s2", "integration": B, "rejectCall": "x", "groupsIgnore": 1}),
    (
        "POST",
        "/instance/create",
        {"instanceName": "s2", "integration": B, "token": "tok-s2", "number": "559999999999", "webhook": WEBHOOK}
        | SWITCHES
        | CHATWOOT,
    ),
    ("POST", "/instance/create", {"instanceName": "q1", "integration": B, "token": "tok-q1", "rabbitmq": RABBITMQ}),
    ("POST", "/instance/create", {"instanceName": "k1", "integration": S, "qrcode": True, "token": "tok-k1"}),
    ("POST", "/instance/create", {"instanceName": "k2", "integration": S, "qrcode": True, "number": "15551230002"}),
    ("GET", "/instance/connectionState/s1", None),
    ("GET", "/instance/connectionState/ghost", None),
    ("GET", "/instance/fetchInstances?instanceName=s1", None),
    ("GET", "/instance/fetchInstances?instanceName=ghost", None),
    ("GET", "/deliveries/s1", None),
    ("GET", "/deliveries/ghost", None),
    ("GET", "/deliveries/s1?state=x", None),
    ("POST", "/deliveries/s1/nothing/resend", None),
    ("GET", "/dead-letters", None),
    ("GET", "/events/s1", None),
    ("POST", "/webhook/test/s1", None),
    ("DELETE", "/instance/logout/s1", None),
    ("POST", "/instance/setPresence/s1", {"presence": "available"}),
    ("POST", "/instance/setPresence/s1", {"presence": "x"}),
    ("GET", "/instance/connect/k1", None),
    ("GET", "/instance/connect/k1?number=15551230001", None),
    ("GET", "/instance/connect/k1?number=12ab", None),
    ("POST", "/instance/restart/k1", None),
    ("PUT", "/instance/restart/k1", None),
    ("POST", "/sandbox/k1/message", {"from": "15557770001", "text": "hello"}),
    ("POST", "/sandbox/k1/scan", {"number": "15551230001"}),
    ("POST", "/sandbox/k1/scan", {}),
    ("GET", "/instance/connect/k1", None),
    ("POST", "/instance/restart/k1", None),
    ("PUT", "/instance/restart/k1", None),
    ("POST", "/instance/setPresence/k1", {"presence": "available"}),
    ("POST", "/message/sendText/k1", {"number": "15557770001", "text": "hi there"}),
    ("POST", "/message/sendText/k1", {"number": "12345", "text": "hi there"}),
    ("POST", "/message/sendText/k1", {"number": "15557770001", "text": " "}),
    ("POST", "/message/sendText/k1", {}),
    ("POST", "/message/sendText/s1", {"number": "15557770001", "text": "hi there"}),
    ("POST", "/message/sendMedia/k1", PICTURE_SENT),
    ("POST", "/message/sendMedia/k1", PICTURE_SENT | {"mediatype": "document"}),
    ("POST", "/message/sendMedia/k1", PICTURE_SENT | {"media": "?"}),
    ("POST", "/message/sendMedia/k1", PICTURE_SENT | {"media": "http://127.0.0.1:9/none.png"}),
    ("POST", "/message/sendMedia/k1", {"number": "15557770001", "mediatype": "x"}),
    ("POST", "/chat/whatsappNumbers/k1", {"numbers": ["15557770001", "12345"]}),
    ("POST", "/chat/whatsappNumbers/k1", {"numbers": "15557770001"}),
    ("POST", "/chat/markMessageAsRead/k1", {"readMessages": [READ]}),
    ("PUT", "/chat/markMessageAsRead/k1", {"readMessages": [READ]}),
    ("PUT", "/chat/markMessageAsRead/k1", {}),
    ("POST", "/chat/sendPresence/k1", {"number": "15557770001", "presence": "composing", "delay": 1}),
    ("POST", "/chat/sendPresence/k1", {"number": "15557770001", "presence": "x"}),
    ("POST", "/sandbox/k1/message", {"from": "15557770001", "text": "hello", "pushName": "Ann"}),
    ("POST", "/sandbox/k1/call", {"from": "15557770001", "isVideo": True}),
    ("POST", "/sandbox/k1/call", {"from": "abc"}),
    ("POST", "/sandbox/k1/unlink", {}),
    ("POST", "/sandbox/k1/unlink", {}),
    ("POST", "/sandbox/s1/scan", {}),
    ("POST", "/sandbox/s1/pair", {"code": "WZYEH1YY"}),
    ("POST", "/sandbox/k2/pair", {"code": "AAAAAAAA"}),
    ("POST", "/sandbox/k2/pair", {"code": "wzye-h1yy"}),
    ("POST", "/webhook/set/s1", {"webhook": WEBHOOK}),
    ("POST", "/webhook/set/s1", {}),
    ("GET", "/webhook/find/s1", None),
    ("GET", "/webhook/find/k1", None),
    ("POST", "/settings/set/s1", SWITCHES),
    ("POST", "/settings/set/s1", {"rejectCall": True}),
    ("GET", "/settings/find/s1", None),
    ("GET", "/proxy/find/s1", None),
    ("POST", "/proxy/set/s1", PROXY_ON),
    ("GET", "/proxy/find/s1", None),
    ("POST", "/proxy/set/s1", PROXY_ON | {"port": "x"}),
    ("GET", "/rabbitmq/find/s1", None),
    ("POST", "/rabbitmq/set/s1", {"rabbitmq": {"enabled": False, "events": []}}),
    ("POST", "/rabbitmq/set/s1", {"rabbitmq": {"enabled": True, "events": []}}),
    ("GET", "/rabbitmq/find/s1", None),
    ("GET", "/sqs/find/s1", None),
    ("POST", "/sqs/set/s1", {"sqs": {"enabled": False, "events": []}}),
    ("POST", "/sqs/set/s1", {"sqs": {"enabled": True}}),
    ("GET", "/sqs/find/s1", None),
    *((method, f"/{sink}/{verb}/s1", body)
      for sink in ("websocket", "nats", "kafka", "pusher")
      for method, verb, body in (("POST", "set", {}), ("GET", "find", None))),
    ("GET", "/instance/fetchInstances?instanceName=s1", None),
    ("GET", "/instance/fetchInstances?instanceName=s2", None),
    ("GET", "/instance/fetchInstances?instanceName=q1", None),
    ("GET", "/instance/fetchInstances", None),
    ("DELETE", "/instance/logout/k2", None),
    ("DELETE", "/instance/delete/k1", None),
    ("DELETE", "/instance/delete/k1", None),
    ("GET", "/commands/s1/k-settings", None),
    ("GET", "/commands/s1/none", None),
)  # fmt: skip


async def recorded(real: Real, prefix: str) -> list[dict[str, Any]]:
    """Go through the session under a prefix; return its exchanges, repeatable."""
    exchanges = []
    for method, path, body in STEPS:
        for key in _keys(method, path, body):
            headers = {"apikey": key} if key else {}
            if path == "/settings/set/s1" and body == SWITCHES:
                headers["Idempotency-Key"] = "k-settings"
            target = prefix + path if path != "/" else prefix or "/"
            answer = await real.client.request(method, target, json=body, headers=headers)
            shown: dict[str, Any] = {"request": f"{method} {target}", "route": _route(real, method, target)}
            if body is not None:
                shown["sent"] = body
            exchanges.append(shown | {"status": answer.status_code, "body": _repeatable(answer.text)})
    return exchanges


def _keys(method: str, path: str, body: object) -> Iterator[str]:
    """Yield the keys with which a step is sent: the first of each route also without one, where one is needed."""
    first = next(step for step in STEPS if step[0] == method and _kind(step[1]) == _kind(path))
    if path != "/" and first == (method, path, body):
        yield ""
    yield "GLOBAL-KEY"


def _kind(path: str) -> str:
    parts = path.partition("?")[0].split("/")
    return "/".join(parts[i] for i in range(len(parts)) if parts[i] not in ("s1", "s2", "q1", "k1", "k2", "ghost"))


def _route(real: Real, method: str, target: str) -> str:
    """Return method and path template of a request, as the OpenAPI document has them."""
    path = target.partition("?")[0]
    for template, methods in real.document["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if method.lower() in methods and re.fullmatch(pattern, path):
            return f"{method.lower()} {template}"
    raise LookupError(target)


def _repeatable(text: str) -> Any:  # noqa: ANN401 - JSON
    for pattern, value in REPEATABLE:
        text = pattern.sub(value, text)
    return msgspec.json.decode(text)
