"""The decoder's words as sentences; every field that cannot be used is named."""

from typing import Annotated, Literal

import msgspec
import pytest

from pombo_common.model.create import CreateBody
from pombo_common.model.errors import PomboError
from pombo_common.model.validation_messages import sentence, validated


class Inner(msgspec.Struct, rename="camel"):
    """A nested object."""

    some_name: str


class Outer(msgspec.Struct, rename="camel"):
    """One field of each kind."""

    inner_part: Inner
    items: list[Inner] = []
    ratio: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    pattern: Annotated[str, msgspec.Meta(pattern="^a+$")] = "a"
    words: list[Literal["one", "two"]] = []


def refused(value: object, kind: type = Outer, where: str = "") -> list[str]:
    with pytest.raises(PomboError) as caught:
        validated(value, kind, where=where)
    assert caught.value.info.status == 400
    return caught.value.info.message


def test_a_valid_value_is_converted() -> None:
    assert validated({"innerPart": {"someName": "x"}}, Outer).inner_part.some_name == "x"


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (5, ["the request body must be an object, got a number"]),
        ({}, ["innerPart is required"]),
        ({"innerPart": {}}, ["innerPart.someName is required"]),
        (
            {"innerPart": {"someName": None}, "items": [{"someName": "x"}, {}], "ratio": 0},
            [
                "innerPart.someName must be text, got null",
                "items[1].someName is required",
                "ratio must be more than 0.0",
            ],
        ),
        ({"innerPart": {"someName": ""}, "ratio": 2}, ["ratio must be at most 1.0"]),
    ],
)
def test_sentences(value: object, messages: list[str]) -> None:
    assert refused(value) == messages


def test_the_place_in_the_request_comes_first() -> None:
    assert refused({}, where="outer") == ["outer.innerPart is required"]
    assert refused(None, where="outer") == ["outer must be an object, got null"]


def test_a_message_that_is_not_known_still_names_the_field_and_never_the_value() -> None:
    messages = refused({"innerPart": {"someName": "x"}, "pattern": "SECRET"})
    assert messages[0].startswith("pattern: ")
    assert "SECRET" not in messages[0]


@pytest.mark.parametrize("value", ["SECRET", "SECRET" * 30_000, "SECRET\n", "a - at `$.SECRET", "a - at `$.SECRET`", 7])
def test_a_word_that_is_not_accepted_is_not_repeated(value: object) -> None:
    messages = refused({"innerPart": {"someName": "x"}, "words": ["one", value]})
    assert messages in (["words[1] is not one of the accepted words"], ["words[1] must be text, got a number"])
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"innerPart": {"someName": "x"}, "words": [value]}, Outer)
    assert sentence(str(caught.value)) == messages[0].replace("1", "0")


ODD_VALUES: list[object] = [
    None,
    True,
    -1,
    1.5,
    10**30,
    "",
    "x" * 5000,
    "\0",
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"url": [], "events": [5]},
]


@pytest.mark.parametrize("field", [field.encode_name for field in msgspec.structs.fields(CreateBody)])
def test_any_value_of_any_field_is_read_or_refused_with_sentences(field: str) -> None:
    for value in ODD_VALUES:
        try:
            validated({"instanceName": "a", field: value}, CreateBody)
            messages = [field]
        except PomboError as error:
            messages = error.info.message
        assert len(messages) == 1
        assert field in messages[0]
        assert not {"`", "$"} & set(messages[0])
