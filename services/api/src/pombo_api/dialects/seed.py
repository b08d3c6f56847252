"""The default dialect: the shapes that Pombo's users asked for (see `seed_shapes`)."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import msgspec
from msgspec import UNSET

from pombo_api.dialects import common_shapes as common
from pombo_api.dialects import seed_shapes as shapes
from pombo_api.dialects.link import Link
from pombo_api.dialects.rows import webhook_echo
from pombo_common.model.instance import InstanceInfo, Live, State
from pombo_common.model.settings import Settings
from pombo_common.projection import iso


class SeedDialect:
    """See `Dialect`."""

    version: str = version("pombo-api")
    answers: Mapping[str, tuple[Any, ...]] = {
        "created": (shapes.Created,),
        "connected": (common.QrAnswer, common.StateAnswer),
        "restarted": (common.StateAnswer,),
        "state": (common.StateAnswer,),
        "known": (common.ConnectionStateAnswer,),
        "listed": (list[shapes.Listed],),
        "settings": (shapes.SnakeSettings,),
        "settings_set": (shapes.SettingsSetAnswer,),
    }

    def created(self, info: InstanceInfo, link: Link | None) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.Created(
            instance=shapes.CreatedInstance(
                instance_name=info.instance_name, instance_id=info.instance_id, integration=info.integration
            ),
            hash=shapes.Hash(info.token),
            settings=_settings(info.settings),
            webhook=UNSET if info.webhook is None else webhook_echo(info.webhook),
            qrcode=UNSET if link is None else _qr(link),
            chatwoot=UNSET if info.chatwoot is None else common.ChatwootNotice(),
        )

    def connected(self, name: str, link: Link) -> msgspec.Struct:
        """See `Dialect`."""
        return self.state(name, link.state) if link.code is None else _qr(link)

    def restarted(self, name: str, link: Link) -> msgspec.Struct:
        """See `Dialect`."""
        return self.state(name, link.state)

    def state(self, name: str, state: State) -> msgspec.Struct:
        """See `Dialect`."""
        return common.StateAnswer(common.NamedState(instance_name=name, state=state))

    def known(self, name: str, live: Live) -> msgspec.Struct:
        """See `Dialect`."""
        return common.known_state(name, live)

    def listed(self, info: InstanceInfo, *, server_url: str, expose_keys: bool) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.Listed(_listed(info, server_url, info.token if expose_keys else None))

    def settings(self, settings: Settings) -> msgspec.Struct:
        """See `Dialect`."""
        return _settings(settings)

    def settings_set(self, name: str, settings: Settings) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.SettingsSetAnswer(shapes.NamedSettings(instance_name=name, settings=_settings(settings)))


def _listed(info: InstanceInfo, server_url: str, token: str | None) -> shapes.ListedInstance:
    live = info.live
    linked = live.owner_jid is not None
    return shapes.ListedInstance(
        instance_name=info.instance_name,
        instance_id=info.instance_id,
        owner=UNSET if live.owner_jid is None else live.owner_jid,
        profile_name=live.profile_name if linked else UNSET,
        profile_picture_url=live.profile_picture_url if linked else UNSET,
        profile_status=None if linked else UNSET,
        status=live.state,
        server_url=server_url,
        apikey=token,
        integration=shapes.IntegrationAnswer(integration=info.integration, token=token),
    )


def _settings(settings: Settings) -> shapes.SnakeSettings:
    return msgspec.convert(settings, shapes.SnakeSettings, from_attributes=True)


def _qr(link: Link) -> common.QrAnswer:
    return common.QrAnswer(
        pairing_code=link.pairing_code,
        code=link.code,
        base64=link.base64,
        count=link.count,
        expires_at=UNSET if link.expires_at is None else iso(link.expires_at),
        message=UNSET if link.message is None else link.message,
    )
