"""Recipients as people write them."""

import pytest

from pombo_common.model.errors import PomboError
from pombo_common.model.recipients import mentioned, target


@pytest.mark.parametrize(
    ("given", "jid", "phones"),
    [
        ("+1 (555) 777-0001", "15557770001@s.whatsapp.net", ("15557770001",)),
        (15557770001, "15557770001@s.whatsapp.net", ("15557770001",)),
        ("15557770001:4@s.whatsapp.net", "15557770001@s.whatsapp.net", ("15557770001",)),
        ("15557770001@c.us", "15557770001@s.whatsapp.net", ("15557770001",)),
        # Brazil, Mexico and Argentina: WhatsApp may know the number with or without one digit.
        ("5531987654321", "5531987654321@s.whatsapp.net", ("5531987654321", "553187654321")),
        ("553187654321", "553187654321@s.whatsapp.net", ("553187654321", "5531987654321")),
        ("5215512345678", "5215512345678@s.whatsapp.net", ("5215512345678", "525512345678")),
        ("5491123456789", "5491123456789@s.whatsapp.net", ("5491123456789", "541123456789")),
        ("120363012345678901", "120363012345678901@g.us", ()),
        ("120363012345678901@g.us", "120363012345678901@g.us", ()),
        ("5511987654321-1612345678", "5511987654321-1612345678@g.us", ()),
        ("175899724829566@lid", "175899724829566@lid", ()),
    ],
)
def test_a_number_or_jid_is_read(given: str | int, jid: str, phones: tuple[str, ...]) -> None:
    found = target(given)
    assert (found.jid, found.phones) == (jid, phones)


@pytest.mark.parametrize(
    "given", ["", "abc", "1234", "0123456", "x@g.us", "1@evil.example", "²³¹²³", "1" * 16, "1" * 37]
)
def test_what_is_neither_is_refused(given: str) -> None:
    with pytest.raises(PomboError) as refused:
        target(given)
    assert refused.value.info.code == "bad_number"


def test_mentioned_members_are_numbers_each_once() -> None:
    assert mentioned(["+15557770001", 15557770001, "15557770002@s.whatsapp.net", "15557770002:7@c.us"]) == [
        "15557770001@s.whatsapp.net",
        "15557770002@s.whatsapp.net",
    ]


def test_a_mentioned_lid_stays_one() -> None:
    assert mentioned(["175899724829566@lid", "175899724829566:3@lid", "175899724829566"]) == [
        "175899724829566@lid",
        "175899724829566@s.whatsapp.net",
    ]


@pytest.mark.parametrize("given", ["Ann", "ann@lid", "120363012345678901@g.us", "15557770001@evil.example", ""])
def test_what_is_no_member_is_not_mentioned(given: str) -> None:
    with pytest.raises(PomboError) as refused:
        mentioned([given])
    assert refused.value.info.code == "bad_mentioned"
