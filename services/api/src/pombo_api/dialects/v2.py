"""The dialect of Evolution 2.3.6 (see `v2_shapes`): flat rows, `hash` a string, settings in camelCase."""

import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from pombo_api.dialects import common_shapes as common
from pombo_api.dialects import v2_shapes as shapes
from pombo_api.dialects.link import Link
from pombo_api.dialects.rows import proxy_row, sink_row, webhook_echo
from pombo_common.model.instance import InstanceInfo, Live, State
from pombo_common.model.settings import QueueSink, Settings
from pombo_common.projection import disconnection_object, iso


class V2Dialect:
    """See `Dialect`."""

    version: str = "2.3.6"
    answers: Mapping[str, tuple[Any, ...]] = {
        "created": (shapes.CreatedV2,),
        "connected": (shapes.QrAnswerV2, common.StateAnswer),
        "restarted": (shapes.QrAnswerV2, common.StateAnswer),
        "state": (common.StateAnswer,),
        "known": (common.ConnectionStateAnswer,),
        "listed": (list[shapes.ListedV2],),
        "settings": (shapes.SettingsV2,),
        "settings_set": (shapes.SettingsSetAnswerV2,),
    }

    def __init__(self, client_name: str) -> None:
        """Show this `clientName` in lists."""
        self._client_name = client_name

    def created(self, info: InstanceInfo, link: Link | None) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.CreatedV2(
            instance=shapes.CreatedInstanceV2(
                instance_name=info.instance_name,
                instance_id=info.instance_id,
                integration=info.integration,
                status=info.live.state if link is None else link.state,
            ),
            hash=info.token or "",
            webhook=_echo(info),
            websocket=shapes.SinkEcho(),
            rabbitmq=_sink_echo(info.rabbitmq),
            nats=shapes.SinkEcho(),
            sqs=_sink_echo(info.sqs),
            settings=_settings(info.settings),
            qrcode=UNSET if link is None else _qr(link),
            chatwoot=UNSET if info.chatwoot is None else common.ChatwootNotice(),
        )

    def connected(self, name: str, link: Link) -> msgspec.Struct:
        """See `Dialect`."""
        return self.state(name, link.state) if link.code is None else _qr(link)

    def restarted(self, name: str, link: Link) -> msgspec.Struct:
        """See `Dialect`."""
        return self.connected(name, link)

    def state(self, name: str, state: State) -> msgspec.Struct:
        """See `Dialect`."""
        return common.StateAnswer(common.NamedState(instance_name=name, state=state))

    def known(self, name: str, live: Live) -> msgspec.Struct:
        """See `Dialect`."""
        return common.known_state(name, live)

    def listed(self, info: InstanceInfo, *, server_url: str, expose_keys: bool) -> msgspec.Struct:  # noqa: ARG002 - rows of this dialect name no address
        """See `Dialect`."""
        live, gone, key = info.live, info.live.disconnection, info.instance_id
        return shapes.ListedV2(
            id=key,
            name=info.instance_name,
            connection_status=live.state,
            owner_jid=live.owner_jid,
            profile_name=live.profile_name,
            profile_pic_url=live.profile_picture_url,
            integration=info.integration,
            number=info.number,
            token=(info.token or "") if expose_keys else "",
            client_name=self._client_name,
            disconnection_reason_code=None if gone is None else gone.code,
            disconnection_object=disconnection_object(gone),
            disconnection_at=None if gone is None else iso(gone.at),
            created_at=iso(info.created_at),
            updated_at=iso(info.updated_at),
            proxy=None if info.proxy is None else proxy_row(info.proxy, key, expose=expose_keys),
            rabbitmq=None if info.rabbitmq is None else sink_row(info.rabbitmq, key),
            sqs=None if info.sqs is None else sink_row(info.sqs, key),
            setting=_setting_row(info),
        )

    def settings(self, settings: Settings) -> msgspec.Struct:
        """See `Dialect`."""
        return _settings(settings)

    def settings_set(self, name: str, settings: Settings) -> msgspec.Struct:
        """See `Dialect`."""
        echo = msgspec.convert(settings, shapes.SettingsEchoV2, from_attributes=True)
        return shapes.SettingsSetAnswerV2(shapes.NamedSettingsV2(instance_name=name, settings=echo))


def _setting_row(info: InstanceInfo) -> shapes.SettingRowV2:
    """Return the row of the settings; they have no id of their own, so theirs is made from the instance's."""
    return shapes.SettingRowV2(
        **msgspec.structs.asdict(info.settings),
        id=uuid.uuid5(uuid.UUID(info.instance_id), "Setting").hex,
        created_at=iso(info.created_at),
        updated_at=iso(info.updated_at),
        instance_id=info.instance_id,
    )


def _settings(settings: Settings) -> shapes.SettingsV2:
    return shapes.SettingsV2(**msgspec.structs.asdict(settings))


def _echo(info: InstanceInfo) -> shapes.WebhookEchoV2:
    if info.webhook is None:
        return shapes.WebhookEchoV2()
    return shapes.WebhookEchoV2(**msgspec.structs.asdict(webhook_echo(info.webhook)))


def _sink_echo(sink: QueueSink | None) -> shapes.SinkEcho:
    return shapes.SinkEcho() if sink is None else shapes.SinkEcho(enabled=sink.enabled)


def _qr(link: Link) -> shapes.QrAnswerV2:
    message = UNSET if link.message is None else link.message
    if link.code is None or link.base64 is None:
        return shapes.QrAnswerV2(count=0, message=message)
    return shapes.QrAnswerV2(
        pairing_code=link.pairing_code,
        code=link.code,
        base64=link.base64,
        count=link.count,
        expires_at=UNSET if link.expires_at is None else iso(link.expires_at),
        message=message,
    )
