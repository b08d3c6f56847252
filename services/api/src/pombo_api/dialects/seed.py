"""The default dialect: the shapes that Pombo's users asked for (see `seed_shapes`)."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from pombo_api.application.link import Link
from pombo_api.dialects import seed_shapes as shapes
from pombo_common.model.instance import InstanceInfo, State
from pombo_common.model.settings import Webhook


class SeedDialect:
    """See `Dialect`."""

    def created(self, info: InstanceInfo, link: Link | None) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.Created(
            instance=shapes.CreatedInstance(
                instance_name=info.instance_name, instance_id=info.instance_id, integration=info.integration
            ),
            hash=shapes.Hash(info.token),
            settings=msgspec.convert(info.settings, shapes.SnakeSettings, from_attributes=True),
            webhook=UNSET if info.webhook is None else _webhook(info.webhook),
            qrcode=UNSET if link is None else _qr(link),
        )

    def connected(self, name: str, link: Link) -> msgspec.Struct:
        """See `Dialect`."""
        return self.state(name, link.state) if link.code is None else _qr(link)

    def state(self, name: str, state: State) -> msgspec.Struct:
        """See `Dialect`."""
        return shapes.StateAnswer(shapes.NamedState(instance_name=name, state=state))

    def listed(self, infos: Sequence[InstanceInfo], *, server_url: str, expose_keys: bool) -> Sequence[msgspec.Struct]:
        """See `Dialect`."""
        return [shapes.Listed(_listed(info, server_url, info.token if expose_keys else None)) for info in infos]


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


def _webhook(webhook: Webhook) -> shapes.WebhookEcho:
    return shapes.WebhookEcho(
        webhook_url=webhook.url,
        webhook_headers=webhook.headers,
        webhook_by_events=webhook.by_events,
        webhook_base64=webhook.base64,
    )


def _qr(link: Link) -> shapes.QrAnswer:
    return shapes.QrAnswer(
        pairing_code=link.pairing_code,
        code=link.code,
        base64=link.base64,
        count=link.count,
        message=UNSET if link.message is None else link.message,
    )
