"""The neutral view of an instance, and the secrets beside it."""

import msgspec
import pytest

from pombo_common.model.instance import Instance, InstanceSecrets, Live, QrCode
from pombo_common.model.settings import Settings, Webhook
from pombo_common.ports.records import Lease, StoredInstance
from pombo_common.projection import instance_info, open_secrets, seal_secrets
from pombo_common.vault import SealBroken, Vault

VAULT = Vault([b"1" * 32])
WEBHOOK = Webhook(id="w", url="http://receiver.test", enabled=True, created_at=1, updated_at=2)
SECRETS = InstanceSecrets(token="THE-TOKEN", webhook=WEBHOOK)


def stored(instance_id: str = "i-1") -> StoredInstance:
    """Make an instance as the Store gives it."""
    instance = Instance(
        name="shop",
        id=instance_id,
        integration="WHATSAPP-BAILEYS",
        number="5511999990000",
        settings=Settings(reject_call=True),
        token_print="print",
        sealed=seal_secrets("i-1", SECRETS, VAULT),
        created_at=10,
        updated_at=20,
        version=4,
    )
    live = Live(since=1, state="connecting", phase="qr", qr=QrCode(code="code", count=1, expires_at=9))
    return StoredInstance(instance=instance, live=live, lease=Lease(owner="w1", epoch=7, expires_at=99))


def test_the_view_holds_everything_that_an_answer_needs_and_nothing_of_the_machinery() -> None:
    view = msgspec.json.decode(msgspec.json.encode(instance_info(stored(), VAULT)))
    shown = {
        "instanceName",
        "instanceId",
        "integration",
        "number",
        "token",
        "settings",
        "webhook",
        "chatwoot",
        "live",
        "createdAt",
        "updatedAt",
    }
    assert shown <= set(view)
    assert not {"sealed", "tokenPrint", "version", "lease", "secrets"} & set(view)
    assert (view["instanceName"], view["instanceId"], view["token"]) == ("shop", "i-1", "THE-TOKEN")
    assert view["settings"]["rejectCall"] is True
    assert view["webhook"]["url"] == WEBHOOK.url
    assert view["live"]["qr"] == {"code": "code", "count": 1, "expiresAt": 9}


def test_secrets_do_not_open_for_another_instance_or_key() -> None:
    assert open_secrets(stored().instance, VAULT) == SECRETS
    assert b"THE-TOKEN" not in stored().instance.sealed
    with pytest.raises(SealBroken):
        open_secrets(stored("i-2").instance, VAULT)
    with pytest.raises(SealBroken):
        instance_info(stored(), Vault([b"2" * 32]))
