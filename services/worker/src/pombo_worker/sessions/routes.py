"""How sessions reach their servers: address and proxy, for the dial and for the check of a proxy."""

from dataclasses import dataclass

from pombo_common.config import Config
from pombo_common.model.instance import Instance
from pombo_common.model.validation import SANDBOX
from pombo_common.projection import open_secrets, proxy_address, proxy_url
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault
from pombo_worker.engines.port import Route

WHATSAPP_WEB = "https://web.whatsapp.com/"


@dataclass(frozen=True, kw_only=True)
class Routes:
    """What decides over a session's way.

    Attributes:
        vault: opens the instances' own proxies.
        sandbox: where WHATSAPP-SANDBOX sessions dial.
        baileys_url: where WHATSAPP-BAILEYS sessions dial instead of WhatsApp.
        proxy: URL of the proxy for those of them that have none of their own.
        check_url: asked through a proxy to try it, instead of the server that its sessions dial.
        check_seconds: how long that may take.
    """

    vault: Vault
    sandbox: Sandbox | None = None
    baileys_url: str | None = None
    proxy: str | None = None
    check_url: str | None = None
    check_seconds: float = 8.0

    @classmethod
    def from_config(cls, config: Config, vault: Vault, sandbox: Sandbox | None) -> "Routes":
        """Take what the configuration says."""
        proxy = None
        if config.proxy_host:
            proxy = proxy_address(
                config.proxy_protocol,
                config.proxy_host,
                config.proxy_port,
                username=config.proxy_username,
                password=config.proxy_password,
            )
        return cls(
            vault=vault,
            sandbox=sandbox,
            baileys_url=config.baileys_socket_url,
            proxy=proxy,
            check_url=config.proxy_check_url,
            check_seconds=config.proxy_check_seconds,
        )

    async def address(self, integration: str) -> str | None:
        """Return where sessions of an integration dial; None is WhatsApp. Starts the sandbox when it is needed.

        Raises:
            PomboError: 503 when the sandbox that it needs cannot be reached.
        """
        if integration == SANDBOX and self.sandbox is not None:
            return (await self.sandbox.endpoint()).socket_url
        return self.baileys_url

    def route(self, instance: Instance, url: str | None) -> Route:
        """Return an instance's way to this address: through its own proxy, else the global one, else directly.

        The global proxy leads to WhatsApp; the sandbox stands beside us.
        """
        own = proxy_url(open_secrets(instance, self.vault).proxy)
        shared = None if instance.integration == SANDBOX else self.proxy
        return Route(url=url, proxy=own or shared, sandbox=instance.integration == SANDBOX)

    async def check_target(self, integration: str) -> str:
        """Return the web address that a proxy for sessions of this integration must lead to.

        Raises:
            PomboError: 503 when the sandbox cannot be reached.
        """
        if integration == SANDBOX and self.sandbox is not None:
            return (await self.sandbox.endpoint()).url + "/control/health"
        if self.check_url:
            return self.check_url
        return WHATSAPP_WEB if self.baileys_url is None else "http" + self.baileys_url.removeprefix("ws")
