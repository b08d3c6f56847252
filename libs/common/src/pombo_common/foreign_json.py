"""JSON that somebody else wrote: whatever its bytes are, it is read, or refused by one error."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_ANY = msgspec.json.Decoder()


def decode_foreign(body: bytes | str | memoryview | msgspec.Raw, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode JSON into what the decoder is for.

    Raises:
        msgspec.ValidationError: it is something else; the message names the field.
        msgspec.DecodeError: it is no JSON, a text in it is not UTF-8, or it is nested too deeply.
    """
    try:
        return decoder.decode(body)
    except UnicodeError:
        raise msgspec.DecodeError("a text in it is not UTF-8") from None
    except RecursionError:
        raise msgspec.DecodeError("it is nested too deeply") from None


def parse_foreign(body: bytes | str | memoryview | msgspec.Raw) -> Any:  # noqa: ANN401 - JSON
    """Parse JSON of any form.

    Raises:
        msgspec.DecodeError: as `decode_foreign`.
    """
    return decode_foreign(body, _ANY)
