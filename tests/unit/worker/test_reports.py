"""From the engine's reports to the contract's payloads, every shape of them."""

from typing import Any

import msgspec
import pytest

from pombo_common.model.events import CONFIG_NAMES, EVENT_ALIASES
from pombo_worker.events import Said
from pombo_worker.sessions import history
from pombo_worker.sessions.chat_reports import chat_of
from pombo_worker.sessions.report_shapes import (
    ChangedChat,
    Contact,
    Label,
    LabelAssociation,
    NamedChat,
    NewChat,
    Owner,
    ParticipantsChange,
    PresenceUpdate,
    StatusUpdate,
)
from pombo_worker.sessions.reports import MAKERS, said_by

ANA, RUI = "5511888880001@s.whatsapp.net", "5511888880002@s.whatsapp.net"
GROUP, LID = "120363000000000001@g.us", "100000000000001@lid"
OWN = {"remoteJid": ANA, "fromMe": True, "id": "3EB01"}
OWNER = Owner(name="shop", id="i-1")


def said(kind: str, data: Any) -> list[Said]:  # noqa: ANN401 - any JSON
    """Return the events of a report."""
    return list(said_by(kind, data, OWNER))


def only(kind: str, data: Any, shape: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return the payload of a report's one event, which has exactly the shape's members and types."""
    (each,) = said(kind, data)
    plain = each.data
    assert msgspec.to_builtins(msgspec.convert(plain, shape)) == plain
    return plain


@pytest.mark.parametrize(
    ("number", "word"),
    [(0, "ERROR"), (2, "SERVER_ACK"), (3, "DELIVERY_ACK"), (4, "READ"), (5, "PLAYED"), (9, "DELETED")],
)
def test_a_status_is_a_word(number: int, word: str) -> None:
    made = only("messages.update", [{"key": OWN, "status": number}], StatusUpdate)
    assert made == {"keyId": "3EB01", "remoteJid": ANA, "fromMe": True, "status": word, "instanceId": "i-1"}


def test_each_member_of_a_group_confirms_for_itself() -> None:
    key = {"remoteJid": GROUP, "fromMe": True, "id": "3EB01"}
    receipts = [
        {"key": key, "receipt": {"userJid": ANA, "receiptTimestamp": 1}},
        {"key": key, "receipt": {"userJid": RUI, "readTimestamp": 2}},
    ]
    first, second = said("message-receipt.update", receipts)
    assert (first.kind, second.kind) == ("messages.update", "messages.update")
    assert (first.data["participant"], first.data["status"]) == (ANA, "DELIVERY_ACK")
    assert (second.data["participant"], second.data["status"]) == (RUI, "READ")


def test_what_is_deleted_on_the_phone_is_told_by_its_keys() -> None:
    assert said("messages.delete", {"keys": [OWN]}) == [Said("messages.delete", OWN)]
    assert said("messages.delete", {"jid": ANA, "all": True})[0].data == {"remoteJid": ANA, "all": True}


def test_a_presence_is_that_of_each_participant() -> None:
    given = {"id": GROUP, "presences": {ANA: {"lastKnownPresence": "composing"}, RUI: {"lastKnownPresence": "x"}}}
    assert only("presence.update", given, PresenceUpdate) == given
    seen = {"id": ANA, "presences": {ANA: {"lastKnownPresence": "unavailable", "lastSeen": 1_700_000_000}}}
    assert only("presence.update", seen, PresenceUpdate) == seen


def test_the_sender_of_a_message_is_one_object_and_what_is_synchronised_an_array() -> None:
    row = {"remoteJid": ANA, "pushName": "Ana", "profilePicUrl": None, "instanceId": "i-1"}
    assert only("contacts.update", [{"id": ANA, "notify": "Ana"}], Contact) == row
    assert only("contacts.update", [{"id": ANA, "imgUrl": "changed"}], list[Contact]) == [row | {"pushName": None}]
    assert only("contacts.upsert", [{"id": ANA, "name": "Ana"}], list[Contact]) == [row]


def test_chats_have_their_three_shapes() -> None:
    assert only("chats.upsert", [{"id": ANA, "name": "Ana", "unreadCount": 2}], list[NewChat]) == [
        {"remoteJid": ANA, "instanceId": "i-1", "name": "Ana", "unreadMessages": 2}
    ]
    assert only("chats.upsert", [{"id": ANA, "unreadCount": -1}], list[NewChat])[0]["unreadMessages"] == 0
    assert only("chats.update", [{"id": ANA, "unreadCount": 1}], list[ChangedChat]) == [
        {"remoteJid": ANA, "instanceId": "i-1"}
    ]
    assert chat_of({"key": OWN}, OWNER) == Said("chats.update", [{"remoteJid": ANA, "instanceId": "i-1"}])
    assert said("chats.delete", [ANA]) == [Said("chats.delete", [ANA])]


def test_groups_are_told_as_they_are_under_the_name_that_both_spellings_subscribe() -> None:
    group = {"id": GROUP, "subject": "Obra", "participants": []}
    assert said("groups.upsert", [group]) == [Said("groups.upsert", [group])]
    assert said("groups.update", [{"id": GROUP, "subject": "x"}])[0].kind == "groups.update"
    assert CONFIG_NAMES["groups.update"] == EVENT_ALIASES["GROUPS_UPDATE"] == "GROUP_UPDATE"


def test_participants_are_jids_with_what_is_known_of_them_beside() -> None:
    change = {
        "id": GROUP,
        "author": ANA,
        "action": "add",
        "participants": [{"id": RUI, "admin": None}, {"id": LID, "phoneNumber": RUI}, {"id": LID}],
    }
    made = only("group-participants.update", change, ParticipantsChange)
    assert made["participants"] == [RUI, LID, LID]
    assert made["author"] == ANA
    assert [each["phoneNumber"] for each in made["participantsData"]] == ["5511888880002", "5511888880002", None]


def test_labels_have_their_shapes() -> None:
    label = {"id": "1", "name": "New", "color": 3, "deleted": False, "predefinedId": 7}
    assert only("labels.edit", label, Label) == label | {"predefinedId": "7", "instance": "shop"}
    report = {"type": "add", "association": {"type": "label_jid", "chatId": ANA, "labelId": "1"}}
    assert only("labels.association", report, LabelAssociation) == {
        "instance": "shop",
        "type": "add",
        "chatId": ANA,
        "labelId": "1",
    }


def test_every_report_that_is_understood_becomes_an_event_that_can_be_subscribed() -> None:
    inner = {"messaging-history.set", "message-receipt.update"}
    assert set(MAKERS) - inner <= set(CONFIG_NAMES)
    assert said("something.new", {}) == []


def past(number: int, text: str) -> dict[str, Any]:
    """Make a message of the history."""
    key = {"remoteJid": ANA, "fromMe": False, "id": f"3A{number:018}"}
    return {"key": key, "messageTimestamp": number, "message": {"conversation": text}}


def test_a_history_is_told_in_its_order_with_its_progress() -> None:
    part = {
        "chats": [{"id": ANA, "name": "Ana"}],
        "contacts": [{"id": ANA, "name": "Ana"}],
        "messages": [past(1, "olá"), {"key": OWN, "message": {"protocolMessage": {"type": 5}}}],
        "progress": 40,
        "isLatest": True,
    }
    contacts, chats, messages = said("messaging-history.set", part)
    assert (contacts.kind, chats.kind, messages.kind) == ("contacts.set", "chats.set", "messages.set")
    assert {(each.progress, each.is_latest) for each in (contacts, chats, messages)} == {(40, True)}
    msgspec.convert(contacts.data, list[Contact])
    assert msgspec.convert(chats.data, list[NamedChat])[0].name == "Ana"
    assert [each["message"]["conversation"] for each in messages.data] == ["olá"]
    assert messages.data[0]["status"] == "DELIVERY_ACK"


def test_a_large_history_comes_in_pieces_that_are_not_too_large_and_loses_nothing() -> None:
    texts = ["x" * (history.MOST_BYTES // 3)] * 7 + ["y" * (history.MOST_BYTES + 1), "z"]
    events = said("messaging-history.set", {"messages": [past(at, text) for at, text in enumerate(texts)]})
    sizes = [len(msgspec.json.encode(each.data)) for each in events]
    assert len(events) == 6
    assert sum(size > history.MOST_BYTES for size in sizes) == 1
    assert [row["message"]["conversation"] for each in events for row in each.data] == texts
