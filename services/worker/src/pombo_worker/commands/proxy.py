"""`proxy.set`, and the try that a proxy must pass before an instance may have it."""

import uuid
from typing import Any

import msgspec

from pombo_common.model.commands import ProxySet, Reply
from pombo_common.model.errors import PomboError, unavailable
from pombo_common.model.instance import Instance, InstanceSecrets
from pombo_common.model.settings import ProxyInput
from pombo_common.model.validation import check_proxy, merged_proxy
from pombo_common.ports.changes import Attempt
from pombo_common.projection import proxy_address
from pombo_worker.commands.configuration import reconfigure
from pombo_worker.commands.context import Commands
from pombo_worker.engines.port import EngineUnavailable, ProxyFailed


async def set_proxy(commands: Commands, command: ProxySet, attempt: Attempt) -> Reply:
    """Set the proxy once it has been tried; a disabled one is blanked.

    Raises:
        PomboError: 400 for a proxy that does not work, or 404, or 503 when it cannot be tried.
        Superseded: another try of the same command went on.
    """
    check_proxy(command)
    stored = await commands.find(command.instance)
    await try_proxy(commands, stored.instance.integration, command)

    def edit(instance: Instance, secrets: InstanceSecrets, now: int) -> tuple[Instance, InstanceSecrets, Any]:
        proxy = merged_proxy(secrets.proxy, command, new_id=uuid.uuid4().hex, now=now)
        return instance, msgspec.structs.replace(secrets, proxy=proxy), proxy

    return await reconfigure(commands, command, attempt, edit)


async def try_proxy(commands: Commands, integration: str, proxy: ProxyInput | None) -> None:
    """Try a checked proxy that is to be switched on, from where its sessions would use it.

    Raises:
        PomboError: 400 saying why it does not work, or 503 when it cannot be tried.
    """
    if proxy is None or not proxy.enabled:
        return
    address = proxy_address(
        proxy.protocol.lower(), proxy.host, proxy.port, username=proxy.username, password=proxy.password
    )
    try:
        await commands.sessions.try_proxy(integration, address)
    except ProxyFailed as failure:
        raise PomboError(400, "bad_proxy", f"Invalid proxy: {failure}") from None
    except EngineUnavailable:
        raise unavailable("the engine") from None
