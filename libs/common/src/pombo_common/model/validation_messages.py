"""From the decoder's words to sentences that name the field, one for each field that cannot be used."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from pombo_common.model.errors import PomboError

T = TypeVar("T")

BODY = "the request body"
_PLACE = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>[^`]*)`\Z")
_VALUE = re.compile(r"Invalid (enum )?value ")
_TYPES = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`\Z")
_LENGTH = re.compile(r"Expected `str` of length <= (?P<most>\d+)\Z")
_BOUND = re.compile(r"Expected `\w+` (?P<sign>[<>]=?) (?P<bound>[\d.-]+)\Z")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`\Z")
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_WORDS = {
    "bool": "true or false",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_GOT = _WORDS | {"bool": "a boolean", "str": "a string", "int": "a number"}


def validated(value: object, kind: type[T], *, where: str = "") -> T:
    """Convert parsed JSON to a Struct.

    Args:
        value: the parsed JSON.
        kind: a Struct.
        where: dotted path of the value in the request, empty for the body itself.

    Raises:
        PomboError: 400 `invalid`, with a message for each field of the Struct that cannot be used.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        messages = list(_each_field(value, kind, where)) or [sentence(str(error), where)]
    raise PomboError(400, "invalid", *messages)


def sentence(text: str, where: str = "") -> str:
    """Say what one decoder's message means, without the value; what is not known is passed on, it holds none."""
    place = _PLACE.search(text)
    what = text[: place.start()] if place else text
    path = where + (place["path"] if place else "")
    if missing := _MISSING.match(what):
        return f"{_named(path + '.' + missing['field'])} is required"
    field = f"a name in {_named(path)}" if place and place["key"] else _named(path)
    if types := _TYPES.match(what):
        return f"{field} must be {_wanted(types['wanted'])}, got {_GOT.get(types['got'], types['got'])}"
    if length := _LENGTH.match(what):
        return f"{field} must have at most {length['most']} characters"
    if bound := _BOUND.match(what):
        return f"{field} must be {_BOUNDS[bound['sign']]} {bound['bound']}"
    if _VALUE.match(what):
        return f"{field} is not one of the accepted words"
    return f"{field}: {what}"


def _named(path: str) -> str:
    return path.lstrip(".").replace("[...]", ".*") or BODY


def _wanted(types: str) -> str:
    return " or ".join(_WORDS.get(word, word) for word in types.split(" | "))


def _each_field(value: object, kind: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - a Struct type
    """Convert each field by itself; the decoder stops at the first one."""
    if not isinstance(value, Mapping):
        return
    for field in msgspec.structs.fields(kind):
        place = f"{where}.{field.encode_name}"
        if field.encode_name in value:
            try:
                msgspec.convert(value[field.encode_name], field.type)
            except msgspec.ValidationError as error:
                yield _choice(field.type, value[field.encode_name], place) or sentence(str(error), place)
        elif field.required:
            yield f"{place.lstrip('.')} is required"


def _choice(kind: Any, value: object, place: str) -> str | None:  # noqa: ANN401 - a type of any form
    """Say which words a field accepts; the decoder would repeat the one that was sent."""
    if get_origin(kind) is not Literal or not isinstance(value, str):
        return None
    return f"{_named(place)} must be one of {', '.join(get_args(kind))}"
