"""From what the Store keeps to the neutral view of an instance, and the contexts under which its secrets are sealed."""

import datetime as dt
from functools import lru_cache
from urllib.parse import quote

import msgspec

from pombo_common.model.instance import Disconnection, Instance, InstanceInfo, InstanceSecrets
from pombo_common.model.settings import Proxy
from pombo_common.ports.records import StoredInstance
from pombo_common.vault import SealBroken, Vault

UNAUTHORISED = 401


def secrets_context(instance_id: str) -> str:
    """Return the context of an instance's sealed secrets."""
    return f"{instance_id}/secrets"


def open_secrets(instance: Instance, vault: Vault) -> InstanceSecrets:
    """Open an instance's secrets.

    Raises:
        SealBroken: sealed under a key that the ring no longer has.
    """
    return msgspec.json.decode(vault.open(instance.sealed, secrets_context(instance.id)), type=InstanceSecrets)


def seal_secrets(instance_id: str, secrets: InstanceSecrets, vault: Vault) -> bytes:
    """Seal an instance's secrets."""
    return vault.seal(msgspec.json.encode(secrets), secrets_context(instance_id))


def instance_info(stored: StoredInstance, vault: Vault) -> InstanceInfo:
    """Build the neutral view, token included; whoever shows it decides whether to blank the token."""
    instance = stored.instance
    secrets = open_secrets(instance, vault)
    return InstanceInfo(
        instance_name=instance.name,
        instance_id=instance.id,
        integration=instance.integration,
        number=instance.number,
        token=secrets.token,
        settings=instance.settings,
        webhook=secrets.webhook,
        proxy=secrets.proxy,
        rabbitmq=instance.rabbitmq,
        sqs=instance.sqs,
        chatwoot=secrets.chatwoot,
        live=stored.shown,
        created_at=instance.created_at,
        updated_at=instance.updated_at,
    )


def openable_info(stored: StoredInstance, vault: Vault) -> InstanceInfo:
    """Build the neutral view; one whose secrets cannot be opened is shown without them."""
    try:
        return instance_info(stored, vault)
    except SealBroken:
        instance = stored.instance
        sealed = seal_secrets(instance.id, InstanceSecrets(token=""), vault)
        bare = msgspec.structs.replace(instance, sealed=sealed)
        info = instance_info(msgspec.structs.replace(stored, instance=bare), vault)
        return msgspec.structs.replace(info, token=None)


def destination_context(name: str, instance_id: str) -> str:
    """Return the context of the sealed settings of an instance's destination."""
    return f"{instance_id}/destination/{name}"


class _Filtered(msgspec.Struct, frozen=True):
    events: list[str]


def destination_filter(name: str, settings: bytes, instance_id: str, vault: Vault) -> list[str]:
    """Return the UPPER_SNAKE names of the events that a destination wants, whatever else its kind has.

    Raises:
        SealBroken: sealed under a key that the ring no longer has.
    """
    opened = vault.open(settings, destination_context(name, instance_id))
    return msgspec.json.decode(opened, type=_Filtered).events


def proxy_url(proxy: Proxy | None) -> str | None:
    """Return the URL of an enabled proxy, its credentials percent-encoded; None without one."""
    if proxy is None or not proxy.enabled:
        return None
    return proxy_address(proxy.protocol, proxy.host, proxy.port, username=proxy.username, password=proxy.password)


def proxy_address(protocol: str, host: str, port: str | int, *, username: str, password: str) -> str:
    """Return the URL of a proxy; its credentials, when it has any, are percent-encoded whole."""
    credentials = f"{quote(username, safe='')}:{quote(password, safe='')}@" if username or password else ""
    return f"{protocol}://{credentials}{f'[{host}]' if ':' in host else host}:{port}"


def iso(milliseconds: int) -> str:
    """Return a moment as the contract writes it: UTC with milliseconds and a Z."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_to_the_second(seconds)}.{rest:03}Z"


@lru_cache(maxsize=256)
def _to_the_second(seconds: int) -> str:
    """Return a moment without its zone; what is written in one second shares it."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).isoformat()[:19]


def disconnection_object(gone: Disconnection | None) -> str | None:
    """Return the contract's `disconnectionObject`: JSON as a string."""
    if gone is None:
        return None
    payload = {
        "statusCode": gone.code,
        "error": "Unauthorized" if gone.code == UNAUTHORISED else "",
        "message": gone.message,
    }
    output = {"statusCode": gone.code, "payload": payload, "headers": {}}
    error = {"data": None, "isBoom": True, "isServer": False, "output": output}
    return msgspec.json.encode({"error": error, "date": iso(gone.at)}).decode()
