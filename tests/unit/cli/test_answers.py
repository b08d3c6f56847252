"""Answers are read alike in both dialects, and nothing that a server may answer breaks the command line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pombo.answers import Answer, Connected, Row, created_key, messages_of, read_list, read_state, seconds_left

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["instance", "hash", "response", "message", "result", "live", "qr", "code", "count"]), inner
        )
    ),
    max_leaves=12,
)

SEED: dict[str, Any] = {
    "instance": {
        "instanceName": "shop",
        "status": "open",
        "owner": "15551230001@s.whatsapp.net",
        "profileName": "Ana",
        "integration": {"integration": "WHATSAPP-SANDBOX", "token": "t"},
    }
}
V2: dict[str, Any] = {
    "name": "shop",
    "connectionStatus": "open",
    "ownerJid": "15551230001:4@s.whatsapp.net",
    "profileName": "Ana",
    "integration": "WHATSAPP-SANDBOX",
    "number": "15559999999",
}
SHOP = Row(name="shop", state="open", number="15551230001", profile="Ana", integration="WHATSAPP-SANDBOX")


@pytest.mark.parametrize("item", [SEED, V2])
def test_a_list_is_read_alike_in_both_dialects(item: dict[str, Any]) -> None:
    assert read_list([item]) == [SHOP]


def test_a_list_is_ordered_by_name() -> None:
    items = [{"name": name, "connectionStatus": "close"} for name in ("b", "a", "c")]
    assert [row.name for row in read_list(items)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "key"), [({"hash": {"apikey": "k"}}, "k"), ({"hash": "k"}, "k"), ({"hash": None}, "")]
)
def test_the_key_of_a_new_instance_is_found_in_both_dialects(body: object, key: str) -> None:
    assert created_key(body) == key


@pytest.mark.parametrize(
    ("said", "messages"),
    [(["one", "two"], ["one", "two"]), ("Unauthorized", ["Unauthorized"]), ([], ["HTTP 400"]), (None, ["HTTP 400"])],
)
def test_the_sentences_of_an_envelope(said: object, messages: list[str]) -> None:
    assert messages_of({"response": {"message": said}}, 400) == messages


def test_what_is_left_of_a_code_is_read_from_the_command_when_it_is_that_code() -> None:
    outcome = {"result": {"live": {"qr": {"code": "2@a", "expiresAt": 70_500}}}}
    assert seconds_left(outcome, "2@a", 60.0) == 10.5
    assert seconds_left(outcome, "2@a", 90.0) == 0.0
    assert seconds_left(outcome, "2@other", 60.0) is None
    assert seconds_left({"state": "finished"}, "2@a", 60.0) is None


@given(JSON)
def test_no_answer_breaks_the_reading(body: object) -> None:
    answer = Answer(body)
    read_list(body)
    read_list([body])
    read_state(answer)
    Connected.read(answer)
    created_key(body)
    seconds_left(body, "x", 0.0)
    assert messages_of(body, 500)
