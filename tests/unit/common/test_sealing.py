"""Commands and outcomes: sealed on the Bus, told apart by what they ask for, opened only in their own place."""

import msgspec
import pytest

from pombo_common.model.commands import InstanceConnect, InstanceCreate, PlainCommand, Reply, SealedCommand, WebhookSet
from pombo_common.model.errors import ErrorInfo
from pombo_common.model.events import EventBody
from pombo_common.model.messages import MessageMedia, StoredMedia
from pombo_common.model.settings import WebhookInput
from pombo_common.sealing import (
    command_fingerprints,
    open_event,
    open_reply,
    read_command,
    seal_command,
    seal_event,
    seal_reply,
)
from pombo_common.vault import SealBroken, Vault

VAULT = Vault([b"1" * 32])
STRANGER = Vault([b"2" * 32])
CREATE = InstanceCreate(id="c1", instance="shop", integration="WHATSAPP-BAILEYS", token="TOP-SECRET", not_after=5)


def test_a_sealed_command_shows_only_where_it_goes_and_until_when() -> None:
    body = seal_command(CREATE, VAULT)
    outer = msgspec.json.decode(body)
    assert {name: outer[name] for name in ("type", "id", "instance", "notAfter")} == {
        "type": "sealed",
        "id": "c1",
        "instance": "shop",
        "notAfter": 5,
    }
    assert set(outer) == {"type", "id", "instance", "notAfter", "box"}
    assert b"TOP-SECRET" not in body
    assert read_command(body, VAULT) == CREATE


def test_a_plain_command_is_read_as_well() -> None:
    body = b'{"id":"q-1","type":"instance.connect","instance":"shop","number":"5511999990000"}'
    assert read_command(body, VAULT) == InstanceConnect(id="q-1", instance="shop", number="5511999990000")


def test_a_box_under_another_key_or_another_id_is_not_opened() -> None:
    with pytest.raises(SealBroken):
        read_command(seal_command(CREATE, STRANGER), VAULT)
    outer = msgspec.json.decode(seal_command(CREATE, VAULT), type=SealedCommand)
    outer.id = "c2"
    with pytest.raises(SealBroken):
        read_command(msgspec.json.encode(outer), VAULT)
    outer.id, outer.box = "c1", outer.box[:10]
    with pytest.raises(SealBroken):
        read_command(msgspec.json.encode(outer), VAULT)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"id":"a","type":"instance.fly","instance":"x"}', r"\$.type"),
        (b'{"id":"a","type":"instance.delete"}', "instance"),
        (b'{"id":"a b","type":"instance.delete","instance":"x"}', "id"),
        (b'{"id":"","type":"instance.delete","instance":"x"}', "id"),
        (b'{"type":"instance.delete","instance":"x"}', "id"),
        (b'{"id":"a","type":"webhook.set","instance":"x","webhook":{"events":"ALL"}}', r"\$.webhook.events"),
        (b'["a"]', "array"),
    ],
)
def test_what_is_no_command_is_refused_naming_the_field(body: bytes, word: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=word):
        read_command(body, VAULT)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "truncated"),
        (b'{"id":"a","type":"instance.delete","instance":"S\xe3o Paulo"}', "UTF-8"),
        (b'{"id":"a","type":"\xe3","instance":"x"}', "UTF-8"),
        (b'{"id":"a","type":"instance.delete","instance":"x","more":' + b"[" * 100_000, "nested too deeply"),
    ],
)
@pytest.mark.parametrize("boxed", [False, True], ids=["plain", "sealed"])
def test_what_is_no_json_is_refused(body: bytes, word: str, *, boxed: bool) -> None:
    if boxed:
        box = VAULT.seal(body, "command/c1")
        body = msgspec.json.encode(SealedCommand(id="c1", instance="shop", box=box))
    with pytest.raises(msgspec.DecodeError, match=word):
        read_command(body, VAULT)


def test_a_sealed_command_inside_a_sealed_one_is_refused() -> None:
    inner = seal_command(CREATE, VAULT)
    box = VAULT.seal(inner, "command/c1")
    with pytest.raises(msgspec.ValidationError):
        read_command(msgspec.json.encode(SealedCommand(id="c1", instance="shop", box=box)), VAULT)


def fingerprint_of(command: PlainCommand, vault: Vault) -> str:
    return command_fingerprints(command, vault)[0]


def test_the_fingerprint_does_not_look_at_the_deadline() -> None:
    later = msgspec.structs.replace(CREATE, not_after=999)
    none = msgspec.structs.replace(CREATE, not_after=None)
    assert len({fingerprint_of(each, VAULT) for each in (CREATE, later, none)}) == 1
    assert CREATE.not_after == 5


def test_the_fingerprint_sees_every_other_difference() -> None:
    webhook = WebhookInput(url="http://a")
    commands: list[PlainCommand] = [
        CREATE,
        msgspec.structs.replace(CREATE, id="c2"),
        msgspec.structs.replace(CREATE, instance="Shop"),
        msgspec.structs.replace(CREATE, token="other"),
        msgspec.structs.replace(CREATE, qrcode=True),
        msgspec.structs.replace(CREATE, webhook=webhook),
        InstanceConnect(id="c1", instance="shop"),
        InstanceConnect(id="c1", instance="shop", number="5511999990000"),
        WebhookSet(id="c1", instance="shop", webhook=webhook),
        WebhookSet(id="c1", instance="shop", webhook=msgspec.structs.replace(webhook, enabled=False)),
    ]
    assert len({fingerprint_of(each, VAULT) for each in commands}) == len(commands)
    assert fingerprint_of(CREATE, VAULT) != fingerprint_of(CREATE, STRANGER)


def test_the_fingerprint_is_the_same_however_the_command_travelled() -> None:
    plain = read_command(msgspec.json.encode(CREATE), VAULT)
    sealed = read_command(seal_command(CREATE, VAULT), VAULT)
    assert fingerprint_of(plain, VAULT) == fingerprint_of(sealed, VAULT)


def test_after_a_rotation_a_command_still_has_the_fingerprint_it_had() -> None:
    (before,) = command_fingerprints(CREATE, VAULT)
    rotated, halfway = Vault([b"2" * 32, b"1" * 32]), Vault([b"1" * 32, b"2" * 32])
    assert command_fingerprints(CREATE, rotated) == [fingerprint_of(CREATE, STRANGER), before]
    assert command_fingerprints(CREATE, halfway) == [before, fingerprint_of(CREATE, STRANGER)]


def test_media_is_told_apart_by_its_content_wherever_it_lies() -> None:
    def image(place: str, digest: str) -> MessageMedia:
        stored = StoredMedia(id=place, chunks=1, size=5, digest=digest)
        return MessageMedia(id="c1", instance="shop", number="15557770001", mediatype="image", stored=stored)

    command = image("c1-before", "d1")
    assert command_fingerprints(command, VAULT) == command_fingerprints(image("c1-after", "d1"), VAULT)
    assert fingerprint_of(command, VAULT) != fingerprint_of(image("c1-before", "d2"), VAULT)
    assert command.stored is not None
    assert command.stored.id == "c1-before"


def test_a_kept_reply_opens_for_its_command_alone() -> None:
    reply = Reply(id="c1", ok=False, error=ErrorInfo(status=404, code="unknown_instance", message=["no"]))
    sealed = seal_reply(reply, VAULT)
    assert open_reply("c1", sealed, VAULT) == reply
    for other_id, vault in (("c2", VAULT), ("c1", STRANGER)):
        with pytest.raises(SealBroken):
            open_reply(other_id, sealed, vault)


def test_a_logged_event_opens_for_its_instance_and_id_alone() -> None:
    body = EventBody(data={"text": "olá"}, sender="5511999990000@s.whatsapp.net")
    sealed = seal_event(body, "instance-1", "event-1", VAULT)
    assert b"5511" not in sealed
    assert open_event(sealed, "instance-1", "event-1", VAULT) == body
    for place in (("instance-2", "event-1"), ("instance-1", "event-2")):
        with pytest.raises(SealBroken):
            open_event(sealed, *place, VAULT)
