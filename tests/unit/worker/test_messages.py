"""From the engine's message to the payload of `messages.upsert`."""

from typing import Any

import pytest

from pombo_worker.sessions.messages import message_event, upsert_payload

KEY = {"remoteJid": "5511888880000@s.whatsapp.net", "fromMe": False, "id": "3EB0" + "A" * 18}


def message(content: dict[str, Any] | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a message
    """Make a message."""
    return {"key": KEY, "messageTimestamp": 1_700_000_000, "pushName": "Ana", "message": content} | more


def payload(content: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Return its payload, which it has."""
    made = upsert_payload(message(content, **more), "i-1")
    assert made is not None
    return made


def test_a_plain_text_has_exactly_these_members() -> None:
    assert payload({"conversation": "olá"}) == {
        "key": KEY,
        "pushName": "Ana",
        "status": "DELIVERY_ACK",
        "message": {"conversation": "olá"},
        "messageType": "conversation",
        "messageTimestamp": 1_700_000_000,
        "instanceId": "i-1",
        "source": "web",
    }


def test_an_extended_text_becomes_a_conversation_with_its_context() -> None:
    context = {"stanzaId": "q", "quotedMessage": {"conversation": "before"}}
    extended = {"extendedTextMessage": {"text": "reply", "contextInfo": context}}
    made = payload({"messageContextInfo": {"x": 1}} | extended)
    assert made["messageType"] == "conversation"
    assert made["message"] == {"conversation": "reply", "messageContextInfo": {"x": 1}}
    assert made["contextInfo"] == context
    assert "contextInfo" not in payload({"extendedTextMessage": {"text": "x"}})


def test_another_kind_keeps_its_content_and_shows_its_context() -> None:
    image = {"imageMessage": {"caption": "c", "contextInfo": {"stanzaId": "q"}}}
    made = payload({"senderKeyDistributionMessage": {"axolotlSenderKeyDistributionMessage": "KEY"}} | image)
    assert made["messageType"] == "imageMessage"
    assert made["message"] == image
    assert made["contextInfo"] == {"stanzaId": "q"}


def test_the_engines_message_is_not_changed() -> None:
    given = message({"extendedTextMessage": {"text": "x"}})
    upsert_payload(given, "i-1")
    assert given["message"] == {"extendedTextMessage": {"text": "x"}}


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"protocolMessage": {"type": 0}},
        {"messageContextInfo": {}, "protocolMessage": {}},
        {"senderKeyDistributionMessage": {}},
    ],
)
def test_protocol_traffic_has_none(content: dict[str, Any] | None) -> None:
    assert upsert_payload(message(content), "i-1") is None


@pytest.mark.parametrize(
    ("status", "from_me", "word"),
    [
        (0, False, "ERROR"),
        (3, True, "DELIVERY_ACK"),
        (5, False, "PLAYED"),
        (None, True, "SERVER_ACK"),
        (99, True, None),
    ],
)
def test_the_status_is_a_word(status: int | None, word: str | None, *, from_me: bool) -> None:
    made = payload({"conversation": "x"}, status=status, key=KEY | {"fromMe": from_me})
    assert made["status"] == (word or "SERVER_ACK")


@pytest.mark.parametrize(
    ("message_id", "source"),
    [
        ("3A" + "B" * 18, "ios"),
        ("3E" + "B" * 20, "web"),
        ("A" * 21, "android"),
        ("A" * 32, "android"),
        ("A" * 18, "desktop"),
        ("3F" + "1" * 7, "desktop"),
        ("short", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_source_is_told_by_the_id(message_id: str, source: str) -> None:
    assert payload({"conversation": "x"}, key=KEY | {"id": message_id})["source"] == source


def test_a_document_with_a_caption_is_a_document() -> None:
    document = {"caption": "c", "mimetype": "application/pdf"}
    wrapped = {"documentWithCaptionMessage": {"message": {"documentMessage": document}}, "messageContextInfo": {"x": 1}}
    made = payload(wrapped)
    assert made["messageType"] == "documentMessage"
    assert made["message"] == {"documentMessage": document, "messageContextInfo": {"x": 1}}


def test_what_the_account_itself_wrote_bears_the_contracts_name() -> None:
    assert payload({"conversation": "x"}, key=KEY | {"fromMe": True})["pushName"] == "Você"


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_edit_names_the_earlier_message_and_its_new_content(*, wrapped: bool) -> None:
    change = {
        "key": {"remoteJid": "me@s.whatsapp.net", "fromMe": True, "id": "EARLIER"},
        "type": 14,
        "editedMessage": {"conversation": "new"},
        "timestampMs": 1_700_000_000_123,
    }
    content: dict[str, Any] = {"protocolMessage": change}
    event = message_event(message({"editedMessage": {"message": content}} if wrapped else content), "i-1")
    assert event == (
        "messages.edited",
        {
            "key": KEY | {"id": "EARLIER"},
            "type": "MESSAGE_EDIT",
            "editedMessage": {"conversation": "new"},
            "timestampMs": 1_700_000_000_123,
        },
    )


def test_a_deletion_names_the_earlier_message_and_in_a_group_who_wrote_it() -> None:
    key = {"remoteJid": "me@s.whatsapp.net", "fromMe": True, "id": "EARLIER"}
    assert message_event(message({"protocolMessage": {"key": key, "type": 0}}), "i-1") == (
        "messages.delete",
        KEY | {"id": "EARLIER"},
    )
    admin = {"remoteJid": "1203@g.us", "fromMe": False, "id": "LATER", "participant": "admin@lid"}
    change = {"key": key | {"participant": "author@lid"}}
    event = message_event(message({"protocolMessage": change}, key=admin), "i-1")
    assert event == ("messages.delete", admin | {"id": "EARLIER", "participant": "author@lid"})


def test_other_protocol_traffic_is_no_event() -> None:
    key = {"id": "EARLIER"}
    assert message_event(message({"protocolMessage": {"type": 3, "key": key}}), "i-1") is None
    assert message_event(message({"protocolMessage": {"type": 0}}), "i-1") is None
