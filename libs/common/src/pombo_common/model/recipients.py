"""Who a message goes to: phone numbers as people write them, and JIDs."""

import re
from collections.abc import Iterator

import msgspec

from pombo_common.model.errors import PomboError

GROUP_DIGITS = 18
OLD_GROUP = re.compile(r"\d{8,}-\d{8,}\Z")
JID = re.compile(r"(?P<user>[\w.-]{1,60})(:\d+)?@(?P<server>s\.whatsapp\.net|c\.us|lid|g\.us|newsletter)\Z", re.ASCII)
DECORATION = str.maketrans("", "", "+ ()-./\u00a0")
PHONE = re.compile(r"[1-9]\d{4,14}\Z", re.ASCII)
GROUP = re.compile(r"\d+(-\d+)?\Z", re.ASCII)
PHONE_SERVERS = ("s.whatsapp.net", "c.us")
MEMBER_SERVERS = (*PHONE_SERVERS, "lid")
OPTIONAL_DIGITS = {"55": "9", "52": "1", "54": "9"}
"""Countries in which WhatsApp knows some numbers only with, others only without a digit that people may leave out."""
AFTER_AREA = {"55": 4, "52": 2, "54": 2}
"""At which place of the whole number that digit stands."""
WHOLE = {"55": 13, "52": 13, "54": 13}
"""Digits of the whole number when that digit is there."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message goes.

    Attributes:
        number: as it was given.
        jid: the chat; for a phone what is shown until WhatsApp was asked.
        phones: digits under which WhatsApp may know the phone, likeliest first; empty for what is no phone.
    """

    number: str
    jid: str
    phones: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether it is a group."""
        return self.jid.endswith("@g.us")


def target(number: str | int) -> Target:
    """Read a recipient: digits with +, spaces and brackets, a JID, or the id of a group.

    Raises:
        PomboError: 400 `bad_number`.
    """
    text = str(number).strip()
    jid = JID.match(text)
    if jid is not None and jid["server"] not in PHONE_SERVERS:
        if jid["server"] == "g.us" and not GROUP.match(jid["user"]):
            raise _bad()
        return Target(number=text, jid=f"{jid['user']}@{jid['server']}")
    if OLD_GROUP.match(text):
        return Target(number=text, jid=f"{text}@g.us")
    digits = (jid["user"] if jid is not None else text).translate(DECORATION)
    if digits.isascii() and digits.isdecimal() and GROUP_DIGITS <= len(digits) <= 2 * GROUP_DIGITS:
        return Target(number=text, jid=f"{digits}@g.us")
    if not PHONE.match(digits):
        raise _bad()
    return Target(number=text, jid=f"{digits}@s.whatsapp.net", phones=(digits, *_variants(digits)))


def mentioned(numbers: list[str | int]) -> list[str]:
    """Return the JIDs of mentioned members: phone numbers as people write them, their JIDs, or LIDs as JIDs.

    Raises:
        PomboError: 400 `bad_mentioned`.
    """
    return list(dict.fromkeys(_member(str(number).strip()) for number in numbers))


def _member(text: str) -> str:
    jid = JID.match(text)
    user, server = (text, PHONE_SERVERS[0]) if jid is None else (jid["user"], jid["server"])
    digits = user.translate(DECORATION)
    if server not in MEMBER_SERVERS or not PHONE.match(digits):
        raise PomboError(400, "bad_mentioned", '"mentioned" must be an array of numeric strings')
    return f"{digits}@lid" if server == "lid" else f"{digits}@s.whatsapp.net"


def _variants(digits: str) -> Iterator[str]:
    country = digits[:2]
    optional = OPTIONAL_DIGITS.get(country)
    if optional is None:
        return
    place = AFTER_AREA[country]
    if len(digits) == WHOLE[country] and digits[place] == optional:
        yield digits[:place] + digits[place + 1 :]
    elif len(digits) == WHOLE[country] - 1:
        yield digits[:place] + optional + digits[place:]


def _bad() -> PomboError:
    return PomboError(
        400, "bad_number", "number must be 5 to 15 digits with the country code, or the JID of a contact or group"
    )
